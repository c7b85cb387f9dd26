using System.Diagnostics;
using System.Threading.Channels;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Training.Batches;

/// <summary>
/// Prepares the batches of all training and evaluation passes, in the schedule's order, on the thread pool while the training
/// thread computes on earlier ones. It runs on into the next pass, but never into an epoch that was not admitted: early stopping
/// must leave the frames of later epochs unread.
/// </summary>
internal sealed class BatchPipeline : IDisposable
{
    // Many small batches, so that the producer need not be scheduled at once when it is woken; few large ones.
    private const int MinBatches = 4;
    private const int MaxBatches = 64;
    private const int PreferredBytes = 16 << 20;

    private readonly JobSchedule _schedule;
    private readonly BatchPreparation _preparation;
    private readonly BatchReader _training;
    private readonly BatchReader _evaluation;
    private readonly Channel<PreparedBatch> _free = Channel.CreateUnbounded<PreparedBatch>();
    private readonly Channel<PreparedBatch?> _ready = Channel.CreateUnbounded<PreparedBatch?>();
    private readonly SemaphoreSlim _admitted = new(0);
    private readonly CancellationTokenSource _stop;
    private readonly Task _producing;
    private readonly List<PreparedBatch> _used = [];
    private readonly int _batches;

    public BatchPipeline(
        JobSchedule schedule, DataSchema schema, IFrameReader frames, BatchPreparation preparation, CancellationToken cancellation)
    {
        _schedule = schedule;
        _preparation = preparation;
        _training = new BatchReader(schedule.Train, schema, new PassFrames(schedule, PassKind.Train, frames));
        _evaluation = new BatchReader(schedule.Evaluate, schema, new PassFrames(schedule, PassKind.Evaluate, frames));
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var records = (int)Math.Min(schedule.Plan.BatchSize, Math.Max(schedule.Train.TotalRecords, schedule.Evaluate.TotalRecords));
        _batches = (int)Math.Clamp(PreferredBytes / ((long)records * (preparation.FeatureBytes + preparation.TargetBytes)), MinBatches, MaxBatches);
        for (var i = 0; i < _batches; i++)
        {
            _free.Writer.TryWrite(preparation.NewBatch(records));
        }

        _producing = Task.Run(() => ProduceAsync(_stop.Token), CancellationToken.None);
    }

    /// <summary>How long the training thread had nothing to compute on.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Lets more epochs be read, evaluation included.</summary>
    public void Admit(int epochs) => _admitted.Release(epochs);

    /// <summary>
    /// The next pass's batches; each is valid until the next is taken. Blocks the calling thread while there is none. What goes wrong
    /// with reading is thrown here, after the batches before it.
    /// </summary>
    public IEnumerable<PreparedBatch> ReadPass()
    {
        while (Next() is { } batch)
        {
            yield return batch;
            Recycle(batch);
        }
    }

    /// <summary>Stops reading, and waits until it has stopped.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _producing.Wait(CancellationToken.None);
        _stop.Dispose();
        _admitted.Dispose();
    }

    private PreparedBatch? Next()
    {
        if (!_ready.Reader.TryRead(out var batch))
        {
            var start = Stopwatch.GetTimestamp();
            _ready.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();
            _ready.Reader.TryRead(out batch);
            Waited += Stopwatch.GetElapsedTime(start);
        }

        return batch;
    }

    /// <summary>Gives half of all batches back at a time: every time that the producer is woken costs the training thread some microseconds.</summary>
    private void Recycle(PreparedBatch batch)
    {
        _used.Add(batch);
        if (_used.Count == _batches / 2)
        {
            _used.ForEach(used => _free.Writer.TryWrite(used));
            _used.Clear();
        }
    }

    private async Task ProduceAsync(CancellationToken cancellation)
    {
        Exception? failure = null;
        try
        {
            foreach (var pass in _schedule.Passes().Where(pass => pass.Kind != PassKind.Standardize))
            {
                if (pass.Kind == PassKind.Train)
                {
                    await _admitted.WaitAsync(cancellation).ConfigureAwait(false);
                }

                await ProduceAsync(pass, cancellation).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // whatever it is, the training thread throws it
        catch (Exception error)
#pragma warning restore CA1031
        {
            failure = error;
        }

        _ready.Writer.Complete(failure);
    }

    private async Task ProduceAsync(Pass pass, CancellationToken cancellation)
    {
        var reader = pass.Kind == PassKind.Train ? _training : _evaluation;
        await foreach (var batch in reader.ReadAsync(pass.Epoch, _schedule.Plan.BatchSize, cancellation).ConfigureAwait(false))
        {
            var prepared = await _free.Reader.ReadAsync(cancellation).ConfigureAwait(false);
            _preparation.Prepare(batch, prepared);
            _ready.Writer.TryWrite(prepared);
        }

        _ready.Writer.TryWrite(null);
    }
}
