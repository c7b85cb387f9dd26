using System.Runtime.CompilerServices;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Data.Reading;

/// <summary>Some records with features and labels apart, as tensors want them. The arrays are reused by the next batch.</summary>
/// <param name="Count">Records in this batch; the arrays may be longer than that needs.</param>
/// <param name="Features">Features of the records one after the other.</param>
/// <param name="Labels">Labels of the records one after the other.</param>
public readonly record struct RecordBatch(int Count, byte[] Features, byte[] Labels);

/// <summary>
/// Turns a schedule into batches. A frame is asked for when its first record is needed and dropped after its last; memory is bounded by
/// the frames that the interleaving keeps open. <see cref="ReadAhead"/> makes reading overlap computing. Not thread-safe.
/// </summary>
public sealed class BatchReader
{
    private readonly ReadSchedule _schedule;
    private readonly DataSchema _schema;
    private readonly IFrameReader _frames;

    /// <summary>Joins a schedule to the place its frames come from.</summary>
    /// <param name="schedule">In what order.</param>
    /// <param name="schema">The layout of all its streams' records.</param>
    /// <param name="frames">From where.</param>
    public BatchReader(ReadSchedule schedule, DataSchema schema, IFrameReader frames)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(frames);
        _schedule = schedule;
        _schema = schema;
        _frames = frames;
    }

    /// <summary>Records in one epoch.</summary>
    public long TotalRecords => _schedule.TotalRecords;

    /// <summary>One epoch's records in batches; only the last may be smaller than <paramref name="batchSize"/>.</summary>
    public async IAsyncEnumerable<RecordBatch> ReadAsync(
        int epoch, int batchSize, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        var size = (int)Math.Min(batchSize, _schedule.TotalRecords);
        var batch = new RecordBatch(0, new byte[size * _schema.FeatureBytes], new byte[size * _schema.LabelBytes]);
        var open = new Dictionary<FramePosition, OpenFrame>();
        foreach (var record in _schedule.Records(epoch))
        {
            var position = _schedule.FrameOf(record);
            if (!open.TryGetValue(position, out var frame))
            {
                frame = await OpenAsync(position, cancellation).ConfigureAwait(false);
                open.Add(position, frame);
            }

            Append(batch, frame.Data.Span.Slice(IndexInFrame(record) * _schema.RecordSize, _schema.RecordSize));
            if (--frame.Left == 0)
            {
                open.Remove(position);
            }

            batch = batch with { Count = batch.Count + 1 };
            if (batch.Count == batchSize)
            {
                yield return batch;
                batch = batch with { Count = 0 };
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private async ValueTask<OpenFrame> OpenAsync(FramePosition position, CancellationToken cancellation)
    {
        var data = await _frames.ReadAsync(position, cancellation).ConfigureAwait(false);
        var records = _schedule.Streams[position.Stream].RecordsIn(position.Frame);
        return data.Length == records * _schema.RecordSize
            ? new OpenFrame(data, records)
            : throw new InvalidOperationException($"{position} does not hold {records} records");
    }

    private int IndexInFrame(RecordPosition record) =>
        (int)(record.Record % _schedule.Streams[record.Stream].RecordsPerFrame);

    private void Append(RecordBatch batch, ReadOnlySpan<byte> record)
    {
        record[.._schema.FeatureBytes].CopyTo(batch.Features.AsSpan(batch.Count * _schema.FeatureBytes));
        record[_schema.FeatureBytes..].CopyTo(batch.Labels.AsSpan(batch.Count * _schema.LabelBytes));
    }

    private sealed class OpenFrame(ReadOnlyMemory<byte> data, int left)
    {
        public ReadOnlyMemory<byte> Data { get; } = data;

        public int Left { get; set; } = left;
    }
}
