using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class TrainingTests(Reference reference)
{
    private const int Steps = 6;

    public static TheoryData<string> Cases =>
    [
        "mlp-sgd", "mlp-momentum", "mlp-adam", "mlp-adamw", "mlp-rmsprop", "mlp-clip",
        "mlp-bce", "mlp-mse", "mlp-nll", "convolutional", "tokens",
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Training_SameProgramDataAndSeed_GivesPyTorchsBits(string name)
    {
        var expected = reference.Cases[name];
        using var module = reference.Load(name);
        using var scope = NewDisposeScope();
        var losses = Train(module, expected);

        Assert.Equal(reference.Floats(name + ".losses"), losses);
        var state = module.named_parameters().Select(pair => (pair.name, tensor: (Tensor)pair.parameter))
            .Concat(module.named_buffers().Select(pair => (pair.name, tensor: pair.buffer)))
            .ToDictionary(pair => pair.name, pair => pair.tensor);
        Assert.Equal(expected.State.Keys.Order(), state.Keys.Order());
        Assert.All(expected.State, entry =>
        {
            Assert.Equal(entry.Value.Lengths, state[entry.Key].shape);
            Assert.Equal(reference.Bytes($"{name}.state.{entry.Key}"), state[entry.Key].bytes.ToArray());
        });
    }

    [Fact]
    public void Training_LearningRateSetToZero_LeavesParametersAlone()
    {
        using var module = reference.Load("mlp-sgd");
        using var scope = NewDisposeScope();
        var parameters = module.parameters().ToArray();
        var before = parameters.Select(parameter => parameter.bytes.ToArray()).ToArray();
        using var optimizer = optim.SGD(parameters, 0.05);
        foreach (var group in optimizer.ParamGroups)
        {
            Assert.Equal(0.05, group.LearningRate);
            group.LearningRate = 0;
        }

        Step(reference, module, optimizer, reference.Cases["mlp-sgd"], parameters);

        Assert.Equal(before, parameters.Select(parameter => parameter.bytes.ToArray()));
    }

    [Fact]
    public void TrainingStep_InAScope_LeavesNoTensorBehind()
    {
        var expected = reference.Cases["convolutional"];
        using var module = reference.Load("convolutional");
        var parameters = module.parameters().ToArray();
        using var optimizer = Optimizer(expected.Optimizer, parameters);
        var before = torch.Tensor.TotalCount;
        for (var i = 0; i < 3; i++)
        {
            using (NewDisposeScope())
            {
                Step(reference, module, optimizer, expected, parameters);
                Assert.True(torch.Tensor.TotalCount > before);
            }

            Assert.Equal(before, torch.Tensor.TotalCount);
        }
    }

    private float[] Train(jit.ScriptModule<Tensor, Tensor> module, Reference.Case expected)
    {
        set_num_threads(1);
        module.train();
        manual_seed(7);
        var parameters = module.parameters().ToArray();
        using var optimizer = Optimizer(expected.Optimizer, parameters);
        return Train(reference, module, optimizer, expected, Steps);
    }

    /// <summary>Some steps on the case's one batch.</summary>
    internal static float[] Train(Reference reference, jit.ScriptModule<Tensor, Tensor> module, optim.Optimizer optimizer, Reference.Case expected, int steps) =>
        [.. Enumerable.Range(0, steps).Select(_ => Step(reference, module, optimizer, expected, [.. module.parameters()]))];

    private static float Step(Reference reference, jit.ScriptModule<Tensor, Tensor> module, optim.Optimizer optimizer, Reference.Case expected, Parameter[] parameters)
    {
        optimizer.zero_grad();
        var output = module.call(reference.Tensor(expected.Name + ".x", expected.X));
        var loss = Loss(expected.Loss, output, reference.Tensor(expected.Name + ".target", expected.Target));
        loss.backward();
        if (expected.Clip is { } norm)
        {
            nn.utils.clip_grad_norm_(parameters, norm);
        }

        optimizer.step();
        return loss.item<float>();
    }

    private static Tensor Loss(string name, Tensor output, Tensor target) => name switch
    {
        "cross_entropy" => nn.functional.cross_entropy(output, target),
        "tokens" => nn.functional.cross_entropy(output.reshape(-1, output.shape[^1]), target.reshape(-1)),
        "bce" => nn.functional.binary_cross_entropy_with_logits(output, target),
        "mse" => nn.functional.mse_loss(output, target),
        "nll" => nn.functional.nll_loss(output, target),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    internal static OptimizerHelper Optimizer(string name, Parameter[] parameters) => name switch
    {
        "sgd" => optim.SGD(parameters, 0.05),
        "momentum" => optim.SGD(parameters, 0.05, momentum: 0.9, weight_decay: 0.01),
        "adam" => optim.Adam(parameters, lr: 0.01, beta1: 0.9, beta2: 0.999, weight_decay: 0.02),
        "adamw" => optim.AdamW(parameters, lr: 0.01, beta1: 0.9, beta2: 0.999, weight_decay: 0.1),
        "rmsprop" => optim.RMSProp(parameters, lr: 0.01, alpha: 0.99, momentum: 0.5, weight_decay: 0.01),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };
}
