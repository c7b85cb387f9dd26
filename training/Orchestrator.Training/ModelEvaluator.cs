using Orchestrator.Data.Reading;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Programs;
using Orchestrator.Training.Batches;
using Orchestrator.Training.Programs;
using Orchestrator.Training.Run;
using TorchSharp;

namespace Orchestrator.Training;

/// <summary>Judges a delivered model on a job's evaluation streams. One at a time in a process, as training.</summary>
public sealed class ModelEvaluator
{
    private readonly VerifiedProgram _archive;
    private readonly IReadOnlyList<SafeTensor> _model;
    private readonly DataSchema _schema;
    private readonly JobSchedule _schedule;
    private readonly IFrameReader _frames;
    private readonly LossFunction _loss;

    /// <summary>Joins a model to its program and data.</summary>
    /// <param name="archive">The program that was trained.</param>
    /// <param name="model">What <see cref="TrainedModel.ToSafeTensors"/> wrote.</param>
    /// <param name="schema">Layout of the records.</param>
    /// <param name="schedule">The plan's loss and batch size, and the evaluation streams.</param>
    /// <param name="frames">Plaintext frames, by the schedule's stream numbers.</param>
    /// <exception cref="OrchestratorException"><c>training-plan-mismatch</c>.</exception>
    public ModelEvaluator(VerifiedProgram archive, IReadOnlyList<SafeTensor> model, DataSchema schema, JobSchedule schedule, IFrameReader frames)
    {
        ArgumentNullException.ThrowIfNull(archive);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(frames);
        (_archive, _model, _schema, _schedule, _frames) = (archive, model, schema, schedule, frames);
        _loss = new LossFunction(schedule.Plan.Loss, schema);
        if (schedule.Evaluate.TotalRecords == 0)
        {
            throw new OrchestratorException(TrainingErrors.PlanMismatch, "there are no records to evaluate on");
        }
    }

    /// <summary>One pass over the evaluation streams.</summary>
    /// <exception cref="OrchestratorException"><c>training-model-mismatch</c>, one of the <c>program-*</c> or <c>training-*</c> errors,
    /// or what the frames' reader throws.</exception>
    public Task<EvaluationMetrics> EvaluateAsync(CancellationToken cancellation = default) => Task.Factory.StartNew(
        () => Evaluate(cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private EvaluationMetrics Evaluate(CancellationToken cancellation)
    {
        var plan = _schedule.Plan;
        torch.set_num_threads(plan.Threads);
        var outputShape = ProgramProbe.OutputShape(_archive, _schema, _loss);
        using var program = TrainingProgram.Load(_archive);
        program.LoadState([.. _model.Where(tensor => tensor.Name is not (TrainedModel.MeanName or TrainedModel.DeviationName))]);
        program.SetTraining(false);
        var preparation = new BatchPreparation(_schema, _loss, Standardization.In(_model, _schema));
        using var step = new ProgramStep(program, plan, _schema, _loss, preparation, outputShape);
        using var pipeline = new BatchPipeline(_schedule, [new Pass(PassKind.Evaluate, 0)], _schema, _frames, preparation, cancellation);
        var evaluator = new Evaluator(_loss);
        foreach (var batch in pipeline.ReadPass())
        {
            ProgramGuard.Run("evaluation", () => step.Evaluate(batch, evaluator));
        }

        return evaluator.Result();
    }
}
