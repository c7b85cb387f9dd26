using System.Diagnostics;
using System.Threading.Channels;
using Orchestrator.Data.Reading;

namespace Orchestrator.Training.Batches;

/// <summary>Prepares batches on the thread pool while the training thread computes on earlier ones.</summary>
internal sealed class BatchPipeline(BatchReader reader, BatchPreparation preparation, int batchSize)
{
    // One that is computed on, one that waits, one that is filled.
    private const int Buffers = 3;

    /// <summary>Batches of one epoch.</summary>
    public long Batches => ((reader.TotalRecords - 1) / batchSize) + 1;

    /// <summary>How long the training thread had nothing to compute on, over all epochs so far.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>
    /// One epoch's batches. Blocks the calling thread while the next one is not ready; a batch is valid until the next is taken.
    /// </summary>
    public IEnumerable<PreparedBatch> Read(int epoch, CancellationToken cancellation)
    {
        var free = Channel.CreateUnbounded<PreparedBatch>();
        var ready = Channel.CreateUnbounded<PreparedBatch>();
        var size = (int)Math.Min(batchSize, reader.TotalRecords);
        for (var i = 0; i < Buffers; i++)
        {
            free.Writer.TryWrite(preparation.NewBatch(size));
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var producing = Task.Run(() => ProduceAsync(epoch, free.Reader, ready.Writer, stop.Token), CancellationToken.None);
        try
        {
            while (Next(ready.Reader) is { } batch)
            {
                yield return batch;
                free.Writer.TryWrite(batch);
            }
        }
        finally
        {
            stop.Cancel();
            producing.Wait(CancellationToken.None);
        }
    }

    private PreparedBatch? Next(ChannelReader<PreparedBatch> ready)
    {
        if (!ready.TryRead(out var batch))
        {
            var start = Stopwatch.GetTimestamp();
            var more = ready.WaitToReadAsync().AsTask().GetAwaiter().GetResult();
            Waited += Stopwatch.GetElapsedTime(start);
            return more && ready.TryRead(out batch) ? batch : null;
        }

        return batch;
    }

    /// <summary>Never throws: what goes wrong reaches the reader of <paramref name="ready"/>, after the batches before it.</summary>
    private async Task ProduceAsync(
        int epoch, ChannelReader<PreparedBatch> free, ChannelWriter<PreparedBatch> ready, CancellationToken cancellation)
    {
        Exception? failure = null;
        try
        {
            await foreach (var batch in reader.ReadAsync(epoch, batchSize, cancellation).ConfigureAwait(false))
            {
                var prepared = await free.ReadAsync(cancellation).ConfigureAwait(false);
                preparation.Prepare(batch, prepared);
                ready.TryWrite(prepared);
            }
        }
#pragma warning disable CA1031 // whatever it is, the training thread throws it
        catch (Exception error)
#pragma warning restore CA1031
        {
            failure = error;
        }

        ready.Complete(failure);
    }
}
