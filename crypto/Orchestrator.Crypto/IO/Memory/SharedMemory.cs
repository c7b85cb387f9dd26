using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Crypto.IO.Memory;

/// <summary>
/// A file that exists in memory only, as this process sees it: shared with whoever gets the descriptor. See memfd_create(2), mmap(2).
/// </summary>
/// <remarks>The other process writes when it likes: what is read here once may read otherwise the next time.</remarks>
public sealed unsafe class SharedMemory : MemoryManager<byte>
{
    /// <summary>Sizes and offsets are multiples of this.</summary>
    public const int PageSize = 4096;

    private readonly int _length;
    private readonly int _times;
    private byte* _start;

    private SharedMemory(SafeFileHandle file, long offset, int length, int times)
    {
        File = file;
        _length = length;
        _times = times;
        nuint total = (nuint)length * (nuint)times;

        // The room first, then the file into it, as often as asked: nothing else gets in between.
        _start = (byte*)Libc.Check(Libc.mmap(null, total, Libc.ProtectNone, Libc.MapPrivateAnonymous, -1, 0), "reserve addresses");
        for (int i = 0; i < times; i++)
        {
            Libc.Check(Libc.mmap(_start + ((long)i * length), (nuint)length, Libc.ReadWrite, Libc.MapShared | Libc.MapFixed, file.DangerousGetHandle(), offset), "map shared memory");
        }
    }

    /// <summary>The file, to hand to another process.</summary>
    public SafeFileHandle File { get; }

    /// <summary>Makes a file of zeros that nobody can make shorter or longer: reading it never fails.</summary>
    /// <param name="size">In bytes, a multiple of <see cref="PageSize"/>.</param>
    /// <exception cref="IOException">The system refused.</exception>
    public static SafeFileHandle CreateFile(long size)
    {
        var file = new SafeFileHandle(Libc.Check(Libc.memfd_create("orchestrator", Libc.CloseOnExec | Libc.AllowSealing), "make shared memory"), ownsHandle: true);
        RandomAccess.SetLength(file, size);
        Libc.Check(Libc.fcntl(file.DangerousGetHandle(), Libc.AddSeals, Libc.SealAgainstShrinking | Libc.SealAgainstGrowing | Libc.SealAgainstSealing), "seal shared memory");
        return file;
    }

    /// <summary>Maps a part of a file. The file stays the caller's.</summary>
    /// <param name="file">From <see cref="CreateFile"/>, in this process or another.</param>
    /// <param name="offset">Where the part begins.</param>
    /// <param name="length">How long it is.</param>
    /// <param name="times">How often it is mapped, one time after the other: twice makes any stretch of a ring contiguous.</param>
    /// <exception cref="IOException">The system refused, or the file is shorter or could become so.</exception>
    public static SharedMemory Map(SafeFileHandle file, long offset, int length, int times = 1)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if ((Libc.fcntl(file.DangerousGetHandle(), Libc.GetSeals, 0) & Libc.SealAgainstShrinking) == 0 || RandomAccess.GetLength(file) - offset < length)
        {
            throw new IOException("The shared memory is shorter than it is said to be, or not sealed.");
        }

        return new SharedMemory(file, offset, length, times);
    }

    /// <summary>Lets programs that this process starts from now on have the descriptor, or no longer.</summary>
    public static void SetInherited(SafeFileHandle file, bool inherited) =>
        Libc.Check(Libc.fcntl(file.DangerousGetHandle(), Libc.SetDescriptorFlags, inherited ? 0 : 1), "change a descriptor");

    /// <summary>Leaves it out of core dumps and, where the system allows it, locks it against swapping.</summary>
    /// <returns>Whether it is locked.</returns>
    public bool Protect()
    {
        _ = Libc.madvise(Start, (nuint)_length * (nuint)_times, Libc.DoNotDump);
        return Libc.mlock(Start, (nuint)_length) == 0;
    }

    /// <summary>A 32-bit word in it, for both processes to see changes of.</summary>
    public ref int Word(int offset) => ref *(int*)(Start + CheckedWord(offset));

    /// <summary>Waits until another process wakes those who wait for this word, if it has that value; or until the time is over.</summary>
    public void Wait(int offset, int value, TimeSpan atMost)
    {
        var timeout = new Libc.TimeSpec { Seconds = (long)atMost.TotalSeconds, Nanoseconds = atMost.Ticks % TimeSpan.TicksPerSecond * 100 };
        _ = Libc.syscall(Libc.Futex, (int*)(Start + CheckedWord(offset)), Libc.FutexWait, value, &timeout);
    }

    /// <summary>Wakes whoever waits for a word.</summary>
    public void Wake(int offset) => _ = Libc.syscall(Libc.Futex, (int*)(Start + CheckedWord(offset)), Libc.FutexWake, int.MaxValue, null);

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(Start, _length * _times);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(Start + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <summary>Unmaps. Nobody may be using a span of it.</summary>
    protected override void Dispose(bool disposing)
    {
        if (_start is not null)
        {
            _ = Libc.munmap(_start, (nuint)_length * (nuint)_times);
            _start = null;
        }
    }

    private byte* Start
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null, this);
            return _start;
        }
    }

    private int CheckedWord(int offset)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset % sizeof(int), 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, (uint)(_length - sizeof(int)));
        return offset;
    }
}
