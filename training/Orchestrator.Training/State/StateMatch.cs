using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Training.Run;

namespace Orchestrator.Training.State;

/// <summary>Parsing has said that something is a training state; this says that it is this job's, and this session's.</summary>
internal static class StateMatch
{
    /// <summary>Checks what can be checked without libtorch; tensors of model and optimiser are checked where they are put in.</summary>
    /// <param name="state">The state to go on from; null for a session that begins anew.</param>
    /// <param name="job">This job's digest.</param>
    /// <param name="schedule">The passes that the session makes.</param>
    /// <param name="schema">Layout of the records.</param>
    /// <param name="loss">Says which metrics there are.</param>
    /// <exception cref="OrchestratorException"><c>training-state-mismatch</c>.</exception>
    public static void Require(TrainingState? state, ReadOnlySpan<byte> job, JobSchedule schedule, DataSchema schema, LossFunction loss)
    {
        var epochs = state?.Epochs ?? 0;
        Require(epochs == schedule.FirstEpoch, $"has {epochs} epochs, but the session begins after {schedule.FirstEpoch}");
        if (state is null)
        {
            return;
        }

        Require(state.Job.Span.SequenceEqual(job), "is of another program, plan, schema or cut of the streams");
        Require(epochs <= schedule.Plan.Epochs, "has more epochs than the plan");
        Require(state.History[0].ByName.Keys.SequenceEqual(Metrics(schedule, loss)), "has other metrics than the job");
        Require(IsVector(state, TrainedModel.MeanName, schema) == schedule.Plan.Standardize, "has no standardisation, or one that the plan does not ask for");
        Require(IsVector(state, TrainedModel.DeviationName, schema) == schedule.Plan.Standardize, "has no standardisation, or one that the plan does not ask for");
    }

    private static IEnumerable<string> Metrics(JobSchedule schedule, LossFunction loss)
    {
        string[] always = [MetricNames.LearningRate, MetricNames.TrainLoss];
        string[] evaluation = schedule.Evaluate.TotalRecords == 0
            ? []
            : [MetricNames.EvaluationLoss, loss.Classes > 0 ? MetricNames.Accuracy : MetricNames.MeanAbsoluteError];
        return always.Concat(evaluation).Order(StringComparer.Ordinal);
    }

    /// <summary>Whether the state has a number for every feature under a name; false if it has nothing there.</summary>
    private static bool IsVector(TrainingState state, string name, DataSchema schema)
    {
        if (!state.Tensors.TryGetValue(name, out var tensor))
        {
            return false;
        }

        Require(tensor is { Type: SafeTensorType.F32, Shape: [var length] } && length == schema.FeatureCount, $"has a {name} that is not for these features");
        return true;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(TrainingErrors.StateMismatch, $"The training state {otherwise}.");
        }
    }
}
