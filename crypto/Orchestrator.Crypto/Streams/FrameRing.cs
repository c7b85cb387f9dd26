using System.Runtime.ExceptionServices;

namespace Orchestrator.Crypto.Streams;

/// <summary>A fixed number of frames that threads work on at once and that come out in the order in which they went in.</summary>
/// <remarks>
/// Its owner fills <see cref="Free"/>, calls <see cref="Start"/>, and takes results with <see cref="Oldest"/> and <see cref="Release"/>,
/// on one thread, which works too while it would wait. The threads are the ring's own: the pool's spin when they are idle,
/// which costs a machine with few cores more than it gains.
/// </remarks>
internal sealed class FrameRing : IDisposable
{
    /// <summary>The most memory that the frames take, unless one frame for each of two threads needs more.</summary>
    private const int MaxBufferBytes = 1 << 28;

    private const int SlotsPerThread = 3;

    private readonly Action<FrameSlot> _work;
    private readonly FrameSlot[] _slots;
    private readonly Thread[] _helpers;
    private readonly object _gate = new();

    // Frames started, claimed by a thread and released so far; guarded by _gate.
    private long _started;
    private long _claimed;
    private long _released;
    private bool _closing;

    /// <summary>Creates the frames and starts the threads.</summary>
    /// <param name="secrets">The stream's secrets; may be disposed afterwards.</param>
    /// <param name="header">The stream's header.</param>
    /// <param name="parallelism">Threads that work at once, the owner's included; at least 1.</param>
    /// <param name="work">What to do with a frame.</param>
    public FrameRing(StreamSecrets secrets, StreamHeader header, int parallelism, Action<FrameSlot> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        _work = work;
        int most = Math.Max(2, MaxBufferBytes / header.FrameSize);
        _slots = new FrameSlot[parallelism == 1 ? 1 : Math.Min(SlotsPerThread * parallelism, most)];
        for (int i = 0; i < _slots.Length; i++)
        {
            _slots[i] = new FrameSlot(new FrameCipher(secrets, header), header.FrameSize);
        }

        _helpers = new Thread[Math.Min(parallelism, _slots.Length) - 1];
        for (int i = 0; i < _helpers.Length; i++)
        {
            _helpers[i] = new Thread(Help) { IsBackground = true, Name = "sealed stream" };
            _helpers[i].Start();
        }
    }

    public bool IsEmpty => _started == _released;

    public bool IsFull => _started - _released == _slots.Length;

    /// <summary>The frame to fill next; there is none while the ring is full.</summary>
    /// <exception cref="ObjectDisposedException">The ring was disposed.</exception>
    public FrameSlot Free
    {
        get
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            return SlotOf(_started);
        }
    }

    /// <summary>The number of frames started, which is the index of the free one.</summary>
    public long Started => _started;

    /// <summary>Hands <see cref="Free"/> to the threads.</summary>
    public void Start()
    {
        FrameSlot slot = Free;
        slot.Index = _started;
        slot.Done = false;
        lock (_gate)
        {
            _started++;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>The longest started frame, when its work is done. The ring is not empty.</summary>
    /// <exception cref="ObjectDisposedException">The ring was disposed.</exception>
    public FrameSlot Oldest()
    {
        ObjectDisposedException.ThrowIf(_closing, this);
        FrameSlot oldest = SlotOf(_released);
        while (Claim(awaited: oldest) is { } slot)
        {
            Work(slot);
        }

        if (oldest.Failure is not null)
        {
            ExceptionDispatchInfo.Throw(oldest.Failure);
        }

        return oldest;
    }

    /// <summary>Frees the oldest frame.</summary>
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

        foreach (FrameSlot slot in _slots)
        {
            slot.Dispose();
        }
    }

    private FrameSlot SlotOf(long index) => _slots[index % _slots.Length];

    private void Help()
    {
        while (Claim(awaited: null) is { } slot)
        {
            Work(slot);
        }
    }

    /// <summary>Waits for a frame that no thread works on; <see langword="null"/> if <paramref name="awaited"/> is done or the ring closes.</summary>
    private FrameSlot? Claim(FrameSlot? awaited)
    {
        lock (_gate)
        {
            while (!_closing && awaited is not { Done: true })
            {
                if (_claimed < _started)
                {
                    return SlotOf(_claimed++);
                }

                Monitor.Wait(_gate);
            }

            return null;
        }
    }

    private void Work(FrameSlot slot)
    {
        Exception? failure = null;
        try
        {
            _work(slot);
        }
        catch (Exception e)
        {
            failure = e;
        }

        lock (_gate)
        {
            slot.Failure = failure;
            slot.Done = true;
            if (slot.Index == _released)
            {
                // The owner may be waiting for it, among idle helpers.
                Monitor.PulseAll(_gate);
            }
        }
    }
}
