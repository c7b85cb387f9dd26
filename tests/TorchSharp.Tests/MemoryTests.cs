using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

/// <summary>What optimisers and the generator remember: read, compared with PyTorch's, and put back.</summary>
public sealed class MemoryTests(Reference reference)
{
    public static TheoryData<string> Cases => ["mlp-sgd", "mlp-momentum", "mlp-adam", "mlp-adamw", "mlp-rmsprop"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void StateDict_AfterTraining_IsPyTorchs(string name)
    {
        var expected = reference.Cases[name];
        using var module = reference.Load(name);
        using var scope = NewDisposeScope();
        using var optimizer = TrainingTests.Optimizer(expected.Optimizer, [.. module.parameters()]);
        TrainingTests.Train(reference, module, optimizer, expected, 6);

        var state = optimizer.state_dict().State;
        Assert.Equal(module.parameters().Count(), state.Count);
        var seen = state.SelectMany((memory, place) => Tensors(memory).Select(part => $"{place}.{part.Name}")).ToList();
        Assert.Equal(expected.Memory.Keys.Where(key => !key.EndsWith(".step", StringComparison.Ordinal)).Order(), seen.Order());
        for (var place = 0; place < state.Count; place++)
        {
            Assert.All(Tensors(state[place]), part =>
                Assert.Equal(reference.Bytes($"{name}.memory.{place}.{part.Name}"), part.Tensor.bytes.ToArray()));
            Assert.Equal(name is "mlp-sgd" or "mlp-momentum" ? null : 6, StepOf(state[place]));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LoadStateDict_IntoAFreshOptimizer_GoesOnBitForBit(string name)
    {
        var expected = reference.Cases[name];
        using var scope = NewDisposeScope();
        using var whole = reference.Load(name);
        using var first = TrainingTests.Optimizer(expected.Optimizer, [.. whole.parameters()]);
        TrainingTests.Train(reference, whole, first, expected, 3);

        using var half = reference.Load(name);
        using var second = TrainingTests.Optimizer(expected.Optimizer, [.. half.parameters()]);
        Copy(whole, half);
        Copy(first.state_dict(), second, [.. half.parameters()]);
        var losses = TrainingTests.Train(reference, whole, first, expected, 3);
        Assert.Equal(losses, TrainingTests.Train(reference, half, second, expected, 3));
        Assert.Equal(Bytes(whole), Bytes(half));
    }

    [Fact]
    public void StateDict_ReadAgainAndAgain_MakesNoTensorsThatStay()
    {
        var expected = reference.Cases["mlp-momentum"];
        using var module = reference.Load("mlp-momentum");
        var before = torch.Tensor.TotalCount;
        using (var optimizer = TrainingTests.Optimizer(expected.Optimizer, [.. module.parameters()]))
        {
            using (NewDisposeScope())
            {
                TrainingTests.Train(reference, module, optimizer, expected, 2);
                var first = (SGD.State)optimizer.state_dict().State[0];
                var second = (SGD.State)optimizer.state_dict().State[0];
                Assert.Same(first.momentum_buffer, second.momentum_buffer);
            }

            // The optimiser's own references: one a parameter, whatever scope was open.
            Assert.Equal(before + module.parameters().Count(), torch.Tensor.TotalCount);
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void LoadStateDict_OfAnotherNumberOfParameters_IsRefused()
    {
        using var module = reference.Load("mlp-adam");
        using var one = optim.Adam(module.parameters().Take(1));
        using var all = optim.Adam(module.parameters());
        Assert.Throws<ArgumentException>(() => all.load_state_dict(one.state_dict()));
    }

    [Fact]
    public void Generator_PutBack_GivesTheSameNumbersAgain()
    {
        var expected = reference.Cases["convolutional"];
        using var module = reference.Load("convolutional");
        module.train();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = manual_seed(3);
        var x = reference.Tensor("convolutional.x", expected.X);
        var state = generator.get_state();
        Assert.Equal((ScalarType.Byte, 5056L), (state.dtype, state.NumberOfElements));
        var first = module.call(x).bytes.ToArray();
        Assert.NotEqual(first, module.call(x).bytes.ToArray());
        generator.set_state(state);
        Assert.Equal(first, module.call(x).bytes.ToArray());
    }

    [Fact]
    public void Generator_StateThatIsNone_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var generator = manual_seed(3);
        var zeros = empty([5056], ScalarType.Byte);
        zeros.bytes.Clear();
        Assert.Throws<ExternalException>(() => generator.set_state(zeros));
        Assert.Throws<ExternalException>(() => generator.set_state(empty([7], ScalarType.Byte)));
    }

    private static void Copy(nn.Module from, nn.Module to)
    {
        using var noGrad = no_grad();
        foreach (var (source, target) in from.parameters().Zip(to.parameters()))
        {
            target.copy_(source);
        }
    }

    private static void Copy(optim.Optimizer.StateDictionary from, OptimizerHelper to, Parameter[] parameters)
    {
        using var noGrad = no_grad();
        var state = to.state_dict();
        for (var place = 0; place < parameters.Length; place++)
        {
            switch (from.State[place], state.State[place])
            {
                case (SGD.State source, SGD.State target):
                    target.momentum_buffer = source.momentum_buffer?.clone().DetachFromDisposeScope();
                    break;
                case (Adam.State source, Adam.State target):
                    target.step = source.step;
                    break;
                case (AdamW.State source, AdamW.State target):
                    target.step = source.step;
                    break;
                case (RMSProp.State source, RMSProp.State target):
                    target.step = source.step;
                    break;
            }

            foreach (var (source, target) in Tensors(from.State[place]).Zip(Tensors(state.State[place])))
            {
                target.Tensor.copy_(source.Tensor);
            }
        }

        to.load_state_dict(state);
    }

    private static long? StepOf(OptimizerState state) => state switch
    {
        Adam.State adam => adam.step,
        AdamW.State adam => adam.step,
        RMSProp.State rms => rms.step,
        _ => null,
    };

    private static IEnumerable<(string Name, Tensor Tensor)> Tensors(OptimizerState state)
    {
        (string, Tensor?)[] all = state switch
        {
            SGD.State sgd => [("momentum_buffer", sgd.momentum_buffer)],
            Adam.State adam => [("exp_avg", adam.exp_avg), ("exp_avg_sq", adam.exp_avg_sq), ("max_exp_avg_sq", adam.max_exp_avg_sq)],
            AdamW.State adam => [("exp_avg", adam.exp_avg), ("exp_avg_sq", adam.exp_avg_sq), ("max_exp_avg_sq", adam.max_exp_avg_sq)],
            RMSProp.State rms => [("square_avg", rms.square_avg), ("momentum_buffer", rms.momentum_buffer), ("grad_avg", rms.grad_avg)],
            _ => throw new ArgumentOutOfRangeException(nameof(state)),
        };
        return all.Where(part => part.Item2 is not null).Select(part => (part.Item1, part.Item2!));
    }

    private static byte[][] Bytes(nn.Module module) => [.. module.parameters().Select(parameter => parameter.bytes.ToArray())];
}
