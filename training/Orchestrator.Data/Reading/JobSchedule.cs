using Orchestrator.Data.Plans;

namespace Orchestrator.Data.Reading;

/// <summary>What a pass over the data is for.</summary>
public enum PassKind
{
    /// <summary>Means and deviations of the training features, before the first epoch.</summary>
    Standardize,

    /// <summary>One epoch of training.</summary>
    Train,

    /// <summary>Evaluation after an epoch.</summary>
    Evaluate,
}

/// <summary>One pass: streams are numbered as in <see cref="JobSchedule.Streams"/>.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Epoch">From 0; 0 for <see cref="PassKind.Standardize"/>.</param>
public readonly record struct Pass(PassKind Kind, int Epoch);

/// <summary>A stream of a job: what it is read for and how it is cut.</summary>
public readonly record struct JobStream(StreamRole Role, StreamShape Shape);

/// <summary>
/// All passes of a job in order: standardisation if the plan asks for it, then every epoch's training and, when there are
/// evaluation streams, its evaluation. Early stopping ends the sequence after an epoch; nothing else changes it. The device compares
/// every frame that it is asked for with this sequence.
/// </summary>
public sealed class JobSchedule
{
    private readonly int[] _trainStreams;
    private readonly int[] _evaluateStreams;

    /// <summary>Prepares the passes.</summary>
    /// <param name="plan">Interleaving, seed, epochs, standardisation.</param>
    /// <param name="streams">All data streams in the manifest's order.</param>
    /// <param name="firstEpoch">Epochs that an earlier session did, standardisation with them.</param>
    public JobSchedule(TrainingPlan plan, IReadOnlyList<JobStream> streams, int firstEpoch = 0)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(streams);
        Streams = [.. streams];
        _trainStreams = IndexesOf(StreamRole.Train);
        _evaluateStreams = IndexesOf(StreamRole.Evaluate);
        Plan = plan;
        FirstEpoch = firstEpoch;
        Train = new ReadSchedule(plan.Interleaving, ShapesOf(_trainStreams), plan.Seed);
        Standardize = new ReadSchedule(new Interleaving.Concatenate(), ShapesOf(_trainStreams), plan.Seed);
        Evaluate = new ReadSchedule(new Interleaving.Concatenate(), ShapesOf(_evaluateStreams), plan.Seed);
    }

    /// <summary>The plan that the passes follow.</summary>
    public TrainingPlan Plan { get; }

    /// <summary>The epoch that the passes begin with, from 0.</summary>
    public int FirstEpoch { get; }

    /// <summary>All data streams, as given.</summary>
    public IReadOnlyList<JobStream> Streams { get; }

    /// <summary>Order of training records; its stream n is the n-th training stream.</summary>
    public ReadSchedule Train { get; }

    /// <summary>Order of the standardisation pass over the training streams.</summary>
    public ReadSchedule Standardize { get; }

    /// <summary>Order of evaluation records; its stream n is the n-th evaluation stream.</summary>
    public ReadSchedule Evaluate { get; }

    /// <summary>The passes from <see cref="FirstEpoch"/> to the last epoch of the plan.</summary>
    public IEnumerable<Pass> Passes()
    {
        if (Plan.Standardize && FirstEpoch == 0)
        {
            yield return new Pass(PassKind.Standardize, 0);
        }

        for (var epoch = FirstEpoch; epoch < Plan.Epochs; epoch++)
        {
            yield return new Pass(PassKind.Train, epoch);
            if (_evaluateStreams.Length > 0)
            {
                yield return new Pass(PassKind.Evaluate, epoch);
            }
        }
    }

    /// <summary>The frames of a pass in order, streams numbered as in <see cref="Streams"/>.</summary>
    public IEnumerable<FramePosition> Frames(Pass pass) =>
        ScheduleOf(pass.Kind).Frames(pass.Epoch).Select(frame => InJob(pass.Kind, frame));

    /// <summary>The schedule that a kind of pass follows.</summary>
    public ReadSchedule ScheduleOf(PassKind kind) => kind switch
    {
        PassKind.Standardize => Standardize,
        PassKind.Train => Train,
        PassKind.Evaluate => Evaluate,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The same frame with its stream numbered as in <see cref="Streams"/> instead of within the pass.</summary>
    public FramePosition InJob(PassKind kind, FramePosition frame) =>
        frame with { Stream = (kind == PassKind.Evaluate ? _evaluateStreams : _trainStreams)[frame.Stream] };

    private int[] IndexesOf(StreamRole role) => [.. Enumerable.Range(0, Streams.Count).Where(index => Streams[index].Role == role)];

    private IEnumerable<StreamShape> ShapesOf(int[] indexes) => indexes.Select(index => Streams[index].Shape);
}
