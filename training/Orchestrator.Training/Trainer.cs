using System.Diagnostics;
using Orchestrator.Data.Reading;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Training.Batches;
using Orchestrator.Training.Programs;
using Orchestrator.Training.Run;
using TorchSharp;

namespace Orchestrator.Training;

/// <summary>
/// Trains a program as a plan says. The same program, plan, schema and data give the same bits, however often it is run.
/// libtorch's threads and generator belong to the whole process: one training at a time.
/// </summary>
public sealed class Trainer
{
    private readonly ProgramArchive _archive;
    private readonly DataSchema _schema;
    private readonly JobSchedule _schedule;
    private readonly IFrameReader _frames;
    private readonly LossFunction _loss;

    /// <summary>Joins a program to its data.</summary>
    /// <param name="archive">The program.</param>
    /// <param name="schema">Layout of the records of all streams.</param>
    /// <param name="schedule">The plan, and the streams.</param>
    /// <param name="frames">Plaintext frames, by the schedule's stream numbers.</param>
    /// <exception cref="OrchestratorException"><c>training-plan-mismatch</c>.</exception>
    public Trainer(ProgramArchive archive, DataSchema schema, JobSchedule schedule, IFrameReader frames)
    {
        ArgumentNullException.ThrowIfNull(archive);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(frames);
        _archive = archive;
        _schema = schema;
        _schedule = schedule;
        _frames = frames;
        _loss = new LossFunction(schedule.Plan.Loss, schema);
        Require(schedule.Train.TotalRecords > 0, "there are no records to train on");
        Require(schedule.Plan.EarlyStopping is null || schedule.Evaluate.TotalRecords > 0, "early stopping needs an evaluation stream");
        Require(!schedule.Plan.Standardize || schema.FeatureType == ElementType.F32, "only f32 features can be standardised");
    }

    /// <summary>Runs the program once on made-up records of the schema, without data.</summary>
    /// <exception cref="OrchestratorException">One of the <c>program-*</c> errors.</exception>
    public void CheckProgram() => ProgramProbe.OutputShape(_archive, _schema, _loss);

    /// <summary>Trains from the archive's state.</summary>
    /// <param name="progress">Told after every batch and every epoch, on the training thread; should return soon.</param>
    /// <param name="cancellation">Ends training between two batches; nothing partial is returned.</param>
    /// <exception cref="OrchestratorException">One of the <c>program-*</c> or <c>training-*</c> errors, or what the frames' reader throws.</exception>
    public async Task<TrainedModel> TrainAsync(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        var standardization = _schedule.Plan.Standardize
            ? await Standardization.ComputeAsync(_schedule, _schema, _frames, cancellation).ConfigureAwait(false)
            : null;

        // A thread of its own: libtorch keeps its pool of threads, and whether gradients are on, by calling thread.
        return await Task.Factory.StartNew(
            () => Train(standardization, progress, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    private TrainedModel Train(Standardization? standardization, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var plan = _schedule.Plan;
        torch.set_num_threads(plan.Threads);
        var outputShape = ProgramProbe.OutputShape(_archive, _schema, _loss);
        using var program = TrainingProgram.Load(_archive);
        var preparation = new BatchPreparation(_schema, _loss, standardization);
        using var step = new ProgramStep(program, plan, _schema, _loss, preparation, outputShape);
        WarmUp(step);
        torch.manual_seed(plan.Seed);
        var start = Stopwatch.GetTimestamp();
        var passes = _schedule.Passes().Where(pass => pass.Kind != PassKind.Standardize);
        using var pipeline = new BatchPipeline(_schedule, passes, _schema, _frames, preparation, cancellation);
        var epochs = new TrainingLoop(_schedule, program, step, _loss, pipeline).Run(progress, cancellation);
        var duration = new TrainingDuration(Stopwatch.GetElapsedTime(start), pipeline.Waited);
        return new TrainedModel(FiniteState(program), standardization, epochs, epochs.Count < plan.Epochs, duration);
    }

    private void WarmUp(ProgramStep step)
    {
        try
        {
            step.WarmUp((int)Math.Min(_schedule.Plan.BatchSize, _schedule.Train.TotalRecords));
        }
        catch (Exception error) when (TrainingProgram.IsProgramFailure(error))
        {
            throw new OrchestratorException(
                TrainingErrors.Failed, $"the program fails in training mode on made-up records: {TrainingProgram.LastLine(error)}", inner: error);
        }
    }

    private static IReadOnlyList<SafeTensor> FiniteState(TrainingProgram program)
    {
        var state = program.CopyState();
        var broken = state.FirstOrDefault(tensor => tensor.Type == SafeTensorType.F32 && !NonFinite.IsFree(tensor.Data.Span));
        return broken is null
            ? state
            : throw new OrchestratorException(TrainingErrors.NotFinite, $"{broken.Name} holds NaN or infinity after the last batch");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(TrainingErrors.PlanMismatch, otherwise);
        }
    }
}
