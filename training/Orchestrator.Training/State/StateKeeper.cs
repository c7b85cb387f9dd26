using Orchestrator.Data.SafeTensors;
using Orchestrator.Errors;
using Orchestrator.Training.Batches;
using Orchestrator.Training.Programs;
using Orchestrator.Training.Run;
using TorchSharp;

namespace Orchestrator.Training.State;

/// <summary>Takes the state out of a training under way, between two epochs, and puts one in.</summary>
internal sealed class StateKeeper(
    byte[] job, TrainingProgram program, OptimizerMemory optimizer, torch.Generator generator, Standardization? standardization)
{
    /// <summary>Copies everything; training may go on at once.</summary>
    public TrainingState Capture(IReadOnlyList<EpochMetrics> history) => TrainingState.Of(
        job, history, CopyGenerator(), TrainedModel.Tensors(standardization), program.CopyState(), optimizer.Copy());

    /// <summary>Puts model, optimiser and generator in place. The standardisation is not its business: batches are prepared with it.</summary>
    /// <exception cref="OrchestratorException"><c>training-state-mismatch</c>.</exception>
    public void Restore(TrainingState state)
    {
        try
        {
            program.LoadState(state.Model);
        }
        catch (OrchestratorException error)
        {
            throw new OrchestratorException(TrainingErrors.StateMismatch, $"The training state does not fit the program: {error.Message}", inner: error);
        }

        optimizer.Restore(state.Optimizer);
        RestoreGenerator(state.Generator);
    }

    private byte[] CopyGenerator()
    {
        using var scope = torch.NewDisposeScope();
        return generator.get_state().bytes.ToArray();
    }

    private void RestoreGenerator(ReadOnlyMemory<byte> bytes)
    {
        using var scope = torch.NewDisposeScope();
        try
        {
            generator.set_state(ProgramTensor.Make(new SafeTensor(TrainingState.GeneratorName, SafeTensorType.U8, [bytes.Length], bytes)));
        }
        catch (Exception error) when (TrainingProgram.IsProgramFailure(error))
        {
            throw new OrchestratorException(TrainingErrors.StateMismatch, "libtorch does not take the generator's state.", inner: error);
        }
    }
}
