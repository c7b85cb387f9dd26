using System.Buffers.Binary;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Errors;
using Orchestrator.Training.Programs;
using TorchSharp;
using TorchSharp.Modules;

namespace Orchestrator.Training.State;

/// <summary>What an optimiser remembers of the parameters that it moves, as tensors named PARAMETER/MEMORY.</summary>
internal sealed class OptimizerMemory(OptimizerHelper optimizer, IReadOnlyList<(string Name, Parameter Tensor)> parameters)
{
    private const string Step = "step";
    private const string MomentumBuffer = "momentum_buffer";

    /// <summary>Copies all of it.</summary>
    public IReadOnlyList<SafeTensor> Copy()
    {
        using var scope = torch.NewDisposeScope();
        return [.. optimizer.state_dict().State.SelectMany((state, index) => Copy(parameters[index].Name, state))];
    }

    /// <summary>Puts a copy back.</summary>
    /// <exception cref="OrchestratorException"><c>training-state-mismatch</c> unless it is such an optimiser's, of these parameters.</exception>
    public void Restore(IReadOnlyList<SafeTensor> copy)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var unused = copy.ToDictionary(tensor => tensor.Name);
        var memory = optimizer.state_dict();
        for (var index = 0; index < parameters.Count; index++)
        {
            Restore(memory.State[index], parameters[index].Tensor, name => Take(unused, $"{parameters[index].Name}/{name}"));
        }

        if (unused.Count > 0)
        {
            throw Mismatch(unused.Keys.Min(StringComparer.Ordinal)!);
        }

        optimizer.load_state_dict(memory);
    }

    private static IEnumerable<SafeTensor> Copy(string parameter, OptimizerState state)
    {
        if (StepOf(state) is { } step)
        {
            var bytes = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, step);
            yield return new SafeTensor($"{parameter}/{Step}", SafeTensorType.I64, [], bytes);
        }

        foreach (var (name, tensor) in Tensors(state))
        {
            yield return ProgramTensor.Copy($"{parameter}/{name}", tensor);
        }
    }

    private static void Restore(OptimizerState state, Parameter parameter, Func<string, SafeTensor?> take)
    {
        if (state is SGD.State { momentum_buffer: null } sgd && take(MomentumBuffer) is { } buffer)
        {
            // Before its first step there is none to write into.
            sgd.momentum_buffer = parameter.clone().DetachFromDisposeScope();
            Overwrite(sgd.momentum_buffer, buffer);
            return;
        }

        if (StepOf(state) is not null)
        {
            SetStep(state, Require(take(Step)));
        }

        foreach (var (name, tensor) in Tensors(state))
        {
            Overwrite(tensor, Require(take(name)));
        }
    }

    private static long? StepOf(OptimizerState state) => state switch
    {
        Adam.State adam => adam.step,
        AdamW.State adam => adam.step,
        RMSProp.State rms => rms.step,
        _ => null,
    };

    private static void SetStep(OptimizerState state, SafeTensor tensor)
    {
        var step = tensor is { Type: SafeTensorType.I64, Shape.Count: 0 } ? BinaryPrimitives.ReadInt64LittleEndian(tensor.Data.Span) : throw Mismatch(tensor.Name);
        switch (state)
        {
            case Adam.State adam:
                adam.step = step;
                break;
            case AdamW.State adam:
                adam.step = step;
                break;
            case RMSProp.State rms:
                rms.step = step;
                break;
        }
    }

    private static IEnumerable<(string Name, torch.Tensor Tensor)> Tensors(OptimizerState state)
    {
        (string Name, torch.Tensor? Tensor)[] all = state switch
        {
            SGD.State sgd => [(MomentumBuffer, sgd.momentum_buffer)],
            Adam.State adam => [("exp_avg", adam.exp_avg), ("exp_avg_sq", adam.exp_avg_sq)],
            AdamW.State adam => [("exp_avg", adam.exp_avg), ("exp_avg_sq", adam.exp_avg_sq)],
            RMSProp.State rms => [("square_avg", rms.square_avg), (MomentumBuffer, rms.momentum_buffer)],
            _ => throw new InvalidOperationException("unknown optimiser"),
        };
        return all.Where(part => part.Tensor is not null).Select(part => (part.Name, part.Tensor!));
    }

    private static void Overwrite(torch.Tensor tensor, SafeTensor value)
    {
        if (!ProgramTensor.TryOverwrite(tensor, value))
        {
            throw Mismatch(value.Name);
        }
    }

    private static SafeTensor? Take(Dictionary<string, SafeTensor> unused, string name) => unused.Remove(name, out var tensor) ? tensor : null;

    private static SafeTensor Require(SafeTensor? tensor) => tensor
        ?? throw new OrchestratorException(TrainingErrors.StateMismatch, "The training state lacks something that the optimiser remembers.");

    private static OrchestratorException Mismatch(string name) =>
        new(TrainingErrors.StateMismatch, $"The training state has {name}, which the optimiser does not remember in that form.");
}
