using System.Diagnostics;
using Orchestrator.Data.Reading;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Programs;
using Orchestrator.Training.Batches;
using Orchestrator.Training.Programs;
using Orchestrator.Training.Run;
using Orchestrator.Training.State;
using TorchSharp;

namespace Orchestrator.Training;

/// <summary>
/// Trains a program as a plan says. The same program, plan, schema and data give the same bits, however often it is run.
/// libtorch's threads and generator belong to the whole process: one training at a time.
/// </summary>
public sealed class Trainer
{
    private readonly VerifiedProgram _archive;
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
    public Trainer(VerifiedProgram archive, DataSchema schema, JobSchedule schedule, IFrameReader frames)
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

    /// <summary>Trains, from the archive's state or from where an earlier session was.</summary>
    /// <param name="progress">Told after every batch and every epoch, on the training thread; should return soon.</param>
    /// <param name="session">Where training begins and what it hands out on its way; null trains from the beginning and hands out nothing.</param>
    /// <param name="cancellation">Ends training between two batches; nothing partial is returned.</param>
    /// <returns>The model, and what all epochs came to, those of earlier sessions included.</returns>
    /// <exception cref="OrchestratorException">One of the <c>program-*</c> or <c>training-*</c> errors, or what the frames' reader throws.</exception>
    public async Task<TrainedModel> TrainAsync(
        IProgress<TrainingProgress>? progress = null, TrainingSession? session = null, CancellationToken cancellation = default)
    {
        session ??= new TrainingSession();
        var job = TrainingJob.Digest(_archive, _schema, _schedule);
        StateMatch.Require(session.From, job, _schedule, _schema, _loss);
        var standardization = !_schedule.Plan.Standardize ? null
            : session.From is { } from ? Standardization.In([.. from.Tensors.Values], _schema)
            : await Standardization.ComputeAsync(_schedule, _schema, _frames, cancellation).ConfigureAwait(false);

        // A thread of its own: libtorch keeps its pool of threads, and whether gradients are on, by calling thread.
        return await Task.Factory.StartNew(
            () => Train(job, standardization, session, progress, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    private TrainedModel Train(
        byte[] job, Standardization? standardization, TrainingSession session, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var plan = _schedule.Plan;
        torch.set_num_threads(plan.Threads);
        var outputShape = ProgramProbe.OutputShape(_archive, _schema, _loss);
        using var program = TrainingProgram.Load(_archive);
        var finite = program.CopyState().Where(IsFinite).Select(tensor => tensor.Name).ToHashSet();
        var preparation = new BatchPreparation(_schema, _loss, standardization);
        using var step = new ProgramStep(program, plan, _schema, _loss, preparation, outputShape);
        WarmUp(step);
        using var generator = torch.manual_seed(plan.Seed);
        var state = new StateKeeper(job, program, step.Memory, generator, standardization);
        if (session.From is { } from)
        {
            state.Restore(from);
        }

        var start = Stopwatch.GetTimestamp();
        var passes = _schedule.Passes().Where(pass => pass.Kind != PassKind.Standardize);
        using var pipeline = new BatchPipeline(_schedule, passes, _schema, _frames, preparation, cancellation);
        var epochs = new TrainingLoop(_schedule, program, step, _loss, pipeline).Run(session, state, progress, cancellation);
        var duration = new TrainingDuration(Stopwatch.GetElapsedTime(start), pipeline.Waited);
        return new TrainedModel(FiniteState(program, finite), standardization, epochs, epochs.Count < plan.Epochs, duration);
    }

    private void WarmUp(ProgramStep step)
    {
        try
        {
            step.WarmUp(BatchSizes(_schedule.Train.TotalRecords), BatchSizes(_schedule.Evaluate.TotalRecords));
        }
        catch (Exception error) when (TrainingProgram.IsProgramFailure(error))
        {
            throw new OrchestratorException(
                TrainingErrors.Failed, $"the program fails in training mode on made-up records: {TrainingProgram.LastLine(error)}", inner: error);
        }
    }

    /// <summary>Records of a pass's whole batches, and of its last.</summary>
    private IEnumerable<int> BatchSizes(long records)
    {
        var whole = _schedule.Plan.BatchSize;
        return new[] { records >= whole ? whole : 0, (int)(records % whole) }.Where(size => size > 0);
    }

    // A mask that the program was saved with holds infinities; what was finite must have stayed so.
    private static IReadOnlyList<SafeTensor> FiniteState(TrainingProgram program, HashSet<string> finite)
    {
        var state = program.CopyState();
        var broken = state.FirstOrDefault(tensor => finite.Contains(tensor.Name) && !IsFinite(tensor));
        return broken is null
            ? state
            : throw new OrchestratorException(TrainingErrors.NotFinite, $"{broken.Name} holds NaN or infinity after the last batch");
    }

    private static bool IsFinite(SafeTensor tensor) => tensor.Type != SafeTensorType.F32 || NonFinite.IsFree(tensor.Data.Span);

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(TrainingErrors.PlanMismatch, otherwise);
        }
    }
}
