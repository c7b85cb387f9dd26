using System.Runtime.ExceptionServices;
using System.Security.Cryptography;

namespace Orchestrator.Crypto.Streams;

/// <summary>One frame's buffer with a cipher of its own, worked on by one thread at a time: the one that claims it first.</summary>
internal sealed class FrameSlot : IThreadPoolWorkItem, IDisposable
{
    private const int Queued = 1;
    private const int Claimed = 2;

    private readonly Action<FrameSlot> _work;
    private readonly ManualResetEventSlim _done = new();
    private int _state;
    private Exception? _failure;

    public FrameSlot(FrameCipher cipher, int frameSize, Action<FrameSlot> work)
    {
        Cipher = cipher;
        Buffer = GC.AllocateUninitializedArray<byte>(frameSize + StreamLimits.FrameOverhead, pinned: true);
        _work = work;
    }

    public FrameCipher Cipher { get; }

    public LeafHasher Hasher { get; } = new();

    /// <summary>The frame, sealed or being sealed in place: its plaintext stands where its ciphertext does.</summary>
    public byte[] Buffer { get; }

    public long Index { get; set; }

    /// <summary>Bytes of plaintext; the sealed frame has <see cref="StreamLimits.FrameOverhead"/> more.</summary>
    public int Size { get; set; }

    public Memory<byte> Frame => Buffer.AsMemory(0, Size + StreamLimits.FrameOverhead);

    public Memory<byte> Plaintext => Buffer.AsMemory(StreamLimits.IvFieldSize, Size);

    /// <summary>Results of the work.</summary>
    public Digest Leaf { get; set; }

    public bool Authentic { get; set; }

    public FrameIv Iv { get; set; }

    /// <summary>Lets another thread do the work.</summary>
    public void Queue()
    {
        _done.Reset();
        Volatile.Write(ref _state, Queued);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Does the work here.</summary>
    public void Run()
    {
        try
        {
            _work(this);
        }
        catch (Exception e)
        {
            _failure = e;
        }

        _done.Set();
    }

    void IThreadPoolWorkItem.Execute() => RunIfUnclaimed();

    /// <summary>Returns when the work is done, having done it here if no other thread had begun.</summary>
    public void Complete()
    {
        Wait();
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    /// <summary>As <see cref="Complete"/>, for an owner that gives up.</summary>
    public void Wait()
    {
        RunIfUnclaimed();
        _done.Wait();
    }

    /// <summary>Zeroes the buffer and drops the key. The work is done.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Buffer);
        Cipher.Dispose();
        Hasher.Dispose();
        _done.Dispose();
    }

    private void RunIfUnclaimed()
    {
        if (Interlocked.CompareExchange(ref _state, Claimed, Queued) == Queued)
        {
            Run();
        }
    }
}
