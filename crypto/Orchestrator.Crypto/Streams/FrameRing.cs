namespace Orchestrator.Crypto.Streams;

/// <summary>A fixed number of frames that threads work on at once and that come out in the order in which they went in.</summary>
/// <remarks>Its owner fills <see cref="Free"/>, calls <see cref="Start"/>, and takes results with <see cref="Oldest"/> and <see cref="Release"/>, on one thread.</remarks>
internal sealed class FrameRing : IDisposable
{
    /// <summary>The most memory that the frames take, unless one frame for each of two threads needs more.</summary>
    private const int MaxBufferBytes = 1 << 28;

    private readonly FrameSlot[] _slots;
    private long _started;
    private long _released;

    /// <summary>Creates the frames.</summary>
    /// <param name="secrets">The stream's secrets; may be disposed afterwards.</param>
    /// <param name="header">The stream's header.</param>
    /// <param name="parallelism">Threads that work at once, at least 1. With 1 the work is done in <see cref="Start"/>.</param>
    /// <param name="work">What to do with a frame.</param>
    public FrameRing(StreamSecrets secrets, StreamHeader header, int parallelism, Action<FrameSlot> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        int most = Math.Max(2, MaxBufferBytes / header.FrameSize);
        _slots = new FrameSlot[parallelism == 1 ? 1 : Math.Min(2 * parallelism, most)];
        for (int i = 0; i < _slots.Length; i++)
        {
            _slots[i] = new FrameSlot(new FrameCipher(secrets, header), header.FrameSize, work);
        }
    }

    public bool IsEmpty => _started == _released;

    public bool IsFull => _started - _released == _slots.Length;

    /// <summary>The frame to fill next; there is none while the ring is full.</summary>
    public FrameSlot Free => _slots[_started % _slots.Length];

    /// <summary>The number of frames started, which is the index of the free one.</summary>
    public long Started => _started;

    /// <summary>Begins the work on <see cref="Free"/>.</summary>
    public void Start()
    {
        FrameSlot slot = Free;
        slot.Index = _started++;
        if (_slots.Length == 1)
        {
            slot.Run();
        }
        else
        {
            slot.Queue();
        }
    }

    /// <summary>The longest started frame, when its work is done. The ring is not empty.</summary>
    public FrameSlot Oldest()
    {
        FrameSlot slot = _slots[_released % _slots.Length];
        slot.Complete();
        return slot;
    }

    /// <summary>Frees the oldest frame.</summary>
    public void Release() => _released++;

    /// <summary>Waits for all work, zeroes the buffers and drops the keys.</summary>
    public void Dispose()
    {
        for (; !IsEmpty; Release())
        {
            _slots[_released % _slots.Length].Wait();
        }

        foreach (FrameSlot slot in _slots)
        {
            slot.Dispose();
        }
    }
}
