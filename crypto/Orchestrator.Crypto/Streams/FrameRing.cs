using System.Runtime.ExceptionServices;

namespace Orchestrator.Crypto.Streams;

/// <summary>A fixed number of batches of frames that threads work on at once and that come out in the order in which they went in.</summary>
/// <remarks>
/// Its owner fills <see cref="Free"/>, calls <see cref="Start"/>, and takes results with <see cref="Oldest"/> and <see cref="Release"/>,
/// on one thread, which works too while it would wait. The threads are the ring's own: the pool's spin when they are idle,
/// which costs a machine with few cores more than it gains.
/// </remarks>
internal sealed class FrameRing : IDisposable
{
    /// <summary>The most memory that the batches take, unless one frame for each of two threads needs more.</summary>
    private const int MaxBufferBytes = 1 << 28;

    /// <summary>The most plaintext of a batch, unless one frame needs more.</summary>
    private const int MaxBatchBytes = WideSha256.MaxMessages * StreamLimits.DefaultFrameSize;

    private const int BatchesPerThread = 2;

    private readonly Action<FrameBatch> _work;
    private readonly FrameBatch[] _batches;
    private readonly Thread[] _helpers;
    private readonly object _gate = new();

    // Batches started, claimed by a thread and released so far; guarded by _gate.
    private long _started;
    private long _claimed;
    private long _released;
    private bool _closing;

    /// <summary>Creates the batches and starts the threads.</summary>
    /// <param name="secrets">The stream's secrets; may be disposed afterwards.</param>
    /// <param name="header">The stream's header.</param>
    /// <param name="parallelism">Threads that work at once, the owner's included; at least 1.</param>
    /// <param name="work">What to do with a batch.</param>
    public FrameRing(StreamSecrets secrets, StreamHeader header, int parallelism, Action<FrameBatch> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        _work = work;
        BatchFrames = Math.Clamp(MaxBatchBytes / header.FrameSize, 1, WideSha256.MaxMessages);
        int most = Math.Max(2, MaxBufferBytes / (BatchFrames * header.FrameSize));
        _batches = new FrameBatch[parallelism == 1 ? 1 : Math.Min(BatchesPerThread * parallelism, most)];
        for (int i = 0; i < _batches.Length; i++)
        {
            _batches[i] = new FrameBatch(new FrameCipher(secrets, header), header.FrameSize, BatchFrames);
        }

        _helpers = new Thread[Math.Min(parallelism, _batches.Length) - 1];
        for (int i = 0; i < _helpers.Length; i++)
        {
            _helpers[i] = new Thread(Help) { IsBackground = true, Name = "sealed stream" };
            _helpers[i].Start();
        }
    }

    /// <summary>Frames in every batch but the last.</summary>
    public int BatchFrames { get; }

    public bool IsEmpty => _started == _released;

    public bool IsFull => _started - _released == _batches.Length;

    /// <summary>The batch to fill next; there is none while the ring is full.</summary>
    /// <exception cref="ObjectDisposedException">The ring was disposed.</exception>
    public FrameBatch Free
    {
        get
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            return BatchOf(_started);
        }
    }

    /// <summary>The index of the free batch's first frame.</summary>
    public long NextFrame => _started * BatchFrames;

    /// <summary>Hands <see cref="Free"/> to the threads.</summary>
    public void Start()
    {
        FrameBatch batch = Free;
        batch.First = NextFrame;
        batch.Done = false;
        lock (_gate)
        {
            _started++;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>The longest started batch, when its work is done. The ring is not empty.</summary>
    /// <exception cref="ObjectDisposedException">The ring was disposed.</exception>
    public FrameBatch Oldest()
    {
        ObjectDisposedException.ThrowIf(_closing, this);
        FrameBatch oldest = BatchOf(_released);
        while (Claim(awaited: oldest) is { } batch)
        {
            Work(batch);
        }

        if (oldest.Failure is not null)
        {
            ExceptionDispatchInfo.Throw(oldest.Failure);
        }

        return oldest;
    }

    /// <summary>Frees the oldest batch.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _released++;
        }
    }

    /// <summary>Ends the threads, zeroes the buffers and drops the keys.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.PulseAll(_gate);
        }

        foreach (Thread helper in _helpers)
        {
            helper.Join();
        }

        foreach (FrameBatch batch in _batches)
        {
            batch.Dispose();
        }
    }

    private FrameBatch BatchOf(long index) => _batches[index % _batches.Length];

    private void Help()
    {
        while (Claim(awaited: null) is { } batch)
        {
            Work(batch);
        }
    }

    /// <summary>Waits for a batch that no thread works on; <see langword="null"/> if <paramref name="awaited"/> is done or the ring closes.</summary>
    private FrameBatch? Claim(FrameBatch? awaited)
    {
        lock (_gate)
        {
            while (!_closing && awaited is not { Done: true })
            {
                if (_claimed < _started)
                {
                    return BatchOf(_claimed++);
                }

                Monitor.Wait(_gate);
            }

            return null;
        }
    }

    private void Work(FrameBatch batch)
    {
        Exception? failure = null;
        try
        {
            _work(batch);
        }
        catch (Exception e)
        {
            failure = e;
        }

        lock (_gate)
        {
            batch.Failure = failure;
            batch.Done = true;
            if (batch.First == _released * BatchFrames)
            {
                // The owner may be waiting for it, among idle helpers.
                Monitor.PulseAll(_gate);
            }
        }
    }
}
