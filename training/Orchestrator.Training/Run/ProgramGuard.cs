using Orchestrator.Errors;
using Orchestrator.Training.Programs;

namespace Orchestrator.Training.Run;

/// <summary>Turns a program's misbehaviour on data into errors that say where it was.</summary>
internal static class ProgramGuard
{
    /// <summary>Runs one batch.</summary>
    /// <param name="place">Where it is, in words.</param>
    /// <param name="work">Gives the batch's mean loss.</param>
    /// <exception cref="OrchestratorException">
    /// <c>training-failed</c>, <c>training-not-finite</c>. What libtorch said can hold values from the data (and whatever text the program
    /// raises): it is in the inner exception, never in the message.
    /// </exception>
    public static float Run(object place, Func<float> work)
    {
        float loss;
        try
        {
            loss = work();
        }
        catch (Exception error) when (TrainingProgram.IsProgramFailure(error))
        {
            throw new OrchestratorException(TrainingErrors.Failed, $"the program failed in {place}", inner: error);
        }

        return float.IsFinite(loss)
            ? loss
            : throw new OrchestratorException(TrainingErrors.NotFinite, $"the loss became {loss} in {place}");
    }
}
