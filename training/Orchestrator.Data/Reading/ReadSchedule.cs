using System.Runtime.InteropServices;
using Orchestrator.Data.Plans;
using Orchestrator.Errors;

namespace Orchestrator.Data.Reading;

/// <summary>How a stream is cut: frames of <paramref name="RecordsPerFrame"/> records, the last one shorter.</summary>
/// <param name="Records">Records in the stream, 0 to 2^40.</param>
/// <param name="RecordsPerFrame">Frame size divided by record size, at least 1.</param>
public readonly record struct StreamShape(long Records, int RecordsPerFrame)
{
    /// <summary>Frames that hold at least one record; an empty frame that only ends a stream is not counted.</summary>
    public long Frames => Records == 0 ? 0 : ((Records - 1) / RecordsPerFrame) + 1;

    /// <summary>Records in one frame.</summary>
    public int RecordsIn(long frame) => (int)Math.Min(RecordsPerFrame, Records - (frame * RecordsPerFrame));
}

/// <summary>One record by its place: the stream's place in the schedule and the record's in the stream, both from 0.</summary>
public readonly record struct RecordPosition(int Stream, long Record);

/// <summary>One frame by its place: the stream's place in the schedule and the frame's in the stream, both from 0.</summary>
public readonly record struct FramePosition(int Stream, long Frame);

/// <summary>
/// The order in which an epoch takes the records of several streams, and therefore the order in which it asks for their frames.
/// A pure function of interleaving, stream shapes, seed and epoch, computed lazily. Both ends compute it: the trainer to know what
/// it gets, the device to know what it must be given. Specified in docs/spec/records.md.
/// </summary>
public sealed class ReadSchedule
{
    /// <summary>Most frames that can be shuffled: their order is kept, at 16 bytes each.</summary>
    public const int MaxShuffledFrames = 1 << 24;

    /// <summary>Most records that a stream, and all streams together, may hold.</summary>
    public const long MaxRecords = 1L << 40;

    private readonly Interleaving _interleaving;
    private readonly StreamShape[] _streams;
    private readonly long _seed;

    /// <summary>Prepares the orders of all epochs.</summary>
    /// <param name="interleaving">The rule.</param>
    /// <param name="streams">The streams in the manifest's order.</param>
    /// <param name="seed">The plan's seed; only <see cref="Interleaving.Shuffle"/> depends on it.</param>
    /// <exception cref="OrchestratorException"><see cref="PlanErrors.TooManyRecords"/>.</exception>
    public ReadSchedule(Interleaving interleaving, IEnumerable<StreamShape> streams, long seed)
    {
        ArgumentNullException.ThrowIfNull(interleaving);
        _interleaving = interleaving;
        _streams = [.. streams];
        _seed = seed;
        foreach (var stream in _streams)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(stream.Records);
            ArgumentOutOfRangeException.ThrowIfLessThan(stream.RecordsPerFrame, 1);
            TotalRecords = Math.Min(TotalRecords, MaxRecords) + Math.Min(stream.Records, MaxRecords + 1);
            Require(TotalRecords <= MaxRecords, $"have more than {MaxRecords} records");
        }

        if (interleaving is Interleaving.Shuffle)
        {
            Require(_streams.Sum(stream => stream.Frames) <= MaxShuffledFrames, $"have more than {MaxShuffledFrames} frames to shuffle");
        }
    }

    /// <summary>The streams' shapes, in order.</summary>
    public IReadOnlyList<StreamShape> Streams => _streams;

    /// <summary>Records in one epoch.</summary>
    public long TotalRecords { get; }

    /// <summary>The frame that holds a record.</summary>
    public FramePosition FrameOf(RecordPosition record) =>
        new(record.Stream, record.Record / _streams[record.Stream].RecordsPerFrame);

    /// <summary>All records of one epoch, each exactly once.</summary>
    /// <param name="epoch">From 0.</param>
    public IEnumerable<RecordPosition> Records(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return _interleaving switch
        {
            Interleaving.Concatenate => Concatenated(),
            Interleaving.RoundRobin => InTurn(),
            Interleaving.Proportional => SpreadEvenly(),
            Interleaving.Shuffle shuffle => Shuffled(shuffle.Window, new ScheduleRandom(_seed, epoch)),
            _ => throw new InvalidOperationException("unknown interleaving"),
        };
    }

    /// <summary>
    /// The frames of one epoch in the order in which their first record is needed, each exactly once: a frame is kept until
    /// its last record has been taken.
    /// </summary>
    /// <param name="epoch">From 0.</param>
    public IEnumerable<FramePosition> Frames(int epoch)
    {
        var left = new Dictionary<FramePosition, int>();
        foreach (var record in Records(epoch))
        {
            var frame = FrameOf(record);
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(left, frame, out var open);
            var first = !open;
            count = (first ? _streams[frame.Stream].RecordsIn(frame.Frame) : count) - 1;
            if (count == 0)
            {
                left.Remove(frame);
            }

            if (first)
            {
                yield return frame;
            }
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(PlanErrors.TooManyRecords, $"The streams {otherwise}.");
        }
    }

    private IEnumerable<RecordPosition> Concatenated()
    {
        for (var stream = 0; stream < _streams.Length; stream++)
        {
            for (long record = 0; record < _streams[stream].Records; record++)
            {
                yield return new RecordPosition(stream, record);
            }
        }
    }

    private IEnumerable<RecordPosition> InTurn()
    {
        var longest = _streams.Length == 0 ? 0 : _streams.Max(stream => stream.Records);
        for (long record = 0; record < longest; record++)
        {
            for (var stream = 0; stream < _streams.Length; stream++)
            {
                if (record < _streams[stream].Records)
                {
                    yield return new RecordPosition(stream, record);
                }
            }
        }
    }

    /// <summary>Record k of n belongs at the point (2k + 1) / 2n of the epoch; of equal points the earlier stream's comes first.</summary>
    private IEnumerable<RecordPosition> SpreadEvenly()
    {
        var taken = new long[_streams.Length];
        for (long position = 0; position < TotalRecords; position++)
        {
            var next = -1;
            for (var stream = 0; stream < _streams.Length; stream++)
            {
                if (taken[stream] < _streams[stream].Records && (next < 0 || IsEarlier(taken, stream, next)))
                {
                    next = stream;
                }
            }

            yield return new RecordPosition(next, taken[next]++);
        }
    }

    private bool IsEarlier(long[] taken, int stream, int other) =>
        (UInt128)((2 * taken[stream]) + 1) * (ulong)_streams[other].Records
        < (UInt128)((2 * taken[other]) + 1) * (ulong)_streams[stream].Records;

    private IEnumerable<RecordPosition> Shuffled(int window, ScheduleRandom random)
    {
        var block = new RecordPosition[(int)Math.Min(window, TotalRecords)];
        var filled = 0;
        foreach (var record in RecordsOf(ShuffledFrames(random)))
        {
            block[filled++] = record;
            if (filled == block.Length)
            {
                random.Shuffle<RecordPosition>(block);
                foreach (var shuffled in block)
                {
                    yield return shuffled;
                }

                filled = 0;
            }
        }

        random.Shuffle(block.AsSpan(0, filled));
        for (var index = 0; index < filled; index++)
        {
            yield return block[index];
        }
    }

    private FramePosition[] ShuffledFrames(ScheduleRandom random)
    {
        var frames = new FramePosition[_streams.Sum(stream => stream.Frames)];
        var next = 0;
        for (var stream = 0; stream < _streams.Length; stream++)
        {
            for (long frame = 0; frame < _streams[stream].Frames; frame++)
            {
                frames[next++] = new FramePosition(stream, frame);
            }
        }

        random.Shuffle<FramePosition>(frames);
        return frames;
    }

    private IEnumerable<RecordPosition> RecordsOf(FramePosition[] frames)
    {
        foreach (var frame in frames)
        {
            var first = frame.Frame * _streams[frame.Stream].RecordsPerFrame;
            for (var index = 0; index < _streams[frame.Stream].RecordsIn(frame.Frame); index++)
            {
                yield return new RecordPosition(frame.Stream, first + index);
            }
        }
    }
}
