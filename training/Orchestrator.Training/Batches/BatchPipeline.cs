using System.Diagnostics;
using System.Threading.Channels;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Training.Batches;

/// <summary>
/// Prepares the batches of passes over the data on the thread pool while the calling thread computes on earlier ones. It runs on
/// into the next pass, but never into a training epoch that was not admitted: early stopping must leave the frames of later epochs
/// unread.
/// </summary>
internal sealed class BatchPipeline : IDisposable
{
    private readonly JobSchedule _schedule;
    private readonly BatchPreparation _preparation;
    private readonly DataSchema _schema;
    private readonly IFrameReader _frames;
    private readonly Channel<PreparedBatch> _free = Channel.CreateUnbounded<PreparedBatch>();
    private readonly Channel<PreparedBatch?> _ready = Channel.CreateUnbounded<PreparedBatch?>();
    private readonly SemaphoreSlim _admitted = new(0);
    private readonly CancellationTokenSource _stop;
    private readonly Task _producing;
    private readonly List<PreparedBatch> _used = [];
    private readonly int _batches;

    public BatchPipeline(
        JobSchedule schedule, IEnumerable<Pass> passes, DataSchema schema, IFrameReader frames, BatchPreparation preparation, CancellationToken cancellation)
    {
        _schedule = schedule;
        _schema = schema;
        _frames = frames;
        _preparation = preparation;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var records = (int)Math.Min(schedule.Plan.BatchSize, Math.Max(schedule.Train.TotalRecords, schedule.Evaluate.TotalRecords));
        _batches = TileBuffers.Batches((long)records * (preparation.FeatureBytes + preparation.TargetBytes));
        for (var i = 0; i < _batches; i++)
        {
            _free.Writer.TryWrite(preparation.NewBatch(records));
        }

        _producing = Task.Run(() => ProduceAsync(passes, _stop.Token), CancellationToken.None);
    }

    /// <summary>How long the calling thread had nothing to compute on.</summary>
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

    private async Task ProduceAsync(IEnumerable<Pass> passes, CancellationToken cancellation)
    {
        Exception? failure = null;
        try
        {
            foreach (var pass in passes)
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
        var reader = new BatchReader(_schedule.ScheduleOf(pass.Kind), _schema, new PassFrames(_schedule, pass.Kind, _frames));
        await foreach (var batch in reader.ReadAsync(pass.Epoch, _schedule.Plan.BatchSize, cancellation).ConfigureAwait(false))
        {
            var prepared = await _free.Reader.ReadAsync(cancellation).ConfigureAwait(false);
            _preparation.Prepare(batch, prepared);
            _ready.Writer.TryWrite(prepared);
        }

        _ready.Writer.TryWrite(null);
    }
}
