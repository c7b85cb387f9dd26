using System.Runtime.InteropServices;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Errors;
using Orchestrator.Programs;
using TorchSharp;
using Module = TorchSharp.torch.jit.ScriptModule<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Orchestrator.Training.Programs;

/// <summary>A program loaded into libtorch. Not thread-safe.</summary>
public sealed class TrainingProgram : IDisposable
{
    private readonly Module _module;

    private TrainingProgram(Module module)
    {
        _module = module;
        Trained = [.. module.named_parameters().Where(pair => pair.parameter.requires_grad)];
        TrainedParameters = [.. Trained.Select(pair => pair.Tensor)];
    }

    /// <summary>What the optimiser moves, with names.</summary>
    internal IReadOnlyList<(string Name, TorchSharp.Modules.Parameter Tensor)> Trained { get; }

    /// <summary>What the optimiser moves.</summary>
    internal TorchSharp.Modules.Parameter[] TrainedParameters { get; }

    /// <summary>Loads a program from memory.</summary>
    /// <exception cref="OrchestratorException"><c>program-does-not-load</c>.</exception>
    public static TrainingProgram Load(VerifiedProgram archive)
    {
        ArgumentNullException.ThrowIfNull(archive);
        using var file = new MemoryFile(archive.WriteTo);
        try
        {
            return new TrainingProgram(torch.jit.load<torch.Tensor, torch.Tensor>(file.Path));
        }
        catch (ExternalException error)
        {
            throw new OrchestratorException(TrainingErrors.ProgramDoesNotLoad, $"libtorch cannot load the program: {LastLine(error)}", inner: error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _module.Dispose();

    /// <summary>Whether an exception is libtorch's way, or its binding's, to say that a program misbehaved.</summary>
    internal static bool IsProgramFailure(Exception error) =>
        error is ExternalException or InvalidCastException or NotImplementedException;

    /// <summary>The one line of libtorch's message that says what is wrong: the last, after the trace of the program's source.</summary>
    internal static string LastLine(Exception error) => error.Message.TrimEnd().Split('\n')[^1].Trim();

    /// <summary>Runs forward; the result belongs to the current dispose scope.</summary>
    internal torch.Tensor Forward(torch.Tensor input) => _module.call(input);

    /// <summary>Dropout and batch statistics on, or off.</summary>
    internal void SetTraining(bool on) => _module.train(on);

    /// <summary>The state that a model is: parameters, then buffers, copied.</summary>
    internal IReadOnlyList<SafeTensor> CopyState() =>
    [
        .. _module.named_parameters().Select(pair => ProgramTensor.Copy(pair.name, pair.parameter)),
        .. _module.named_buffers().Select(pair => ProgramTensor.Copy(pair.name, pair.buffer)),
    ];

    /// <summary>Puts a model's state in place of the archive's.</summary>
    /// <exception cref="OrchestratorException"><c>training-model-mismatch</c> unless names, types and shapes are the program's.</exception>
    internal void LoadState(IReadOnlyList<SafeTensor> state)
    {
        var tensors = _module.named_parameters().Select(pair => (pair.name, tensor: (torch.Tensor)pair.parameter))
            .Concat(_module.named_buffers().Select(pair => (pair.name, tensor: pair.buffer)))
            .ToDictionary(pair => pair.name, pair => pair.tensor);
        var byName = state.ToDictionary(tensor => tensor.Name);
        if (!byName.Keys.ToHashSet().SetEquals(tensors.Keys))
        {
            throw new OrchestratorException(TrainingErrors.ModelMismatch, "the model's tensors are not named as the program's");
        }

        using var noGrad = torch.no_grad();
        foreach (var (name, tensor) in tensors)
        {
            if (!ProgramTensor.TryOverwrite(tensor, byName[name]))
            {
                throw new OrchestratorException(TrainingErrors.ModelMismatch, $"{name} has another type or shape in the model than in the program");
            }
        }
    }

    /// <summary>Runs something that may change buffers, and puts them back.</summary>
    internal void KeepBuffers(Action action)
    {
        using var scope = torch.NewDisposeScope();
        var saved = _module.named_buffers().Select(pair => (pair.buffer, copy: pair.buffer.clone())).ToArray();
        action();
        using var noGrad = torch.no_grad();
        foreach (var (buffer, copy) in saved)
        {
            buffer.copy_(copy);
        }
    }
}
