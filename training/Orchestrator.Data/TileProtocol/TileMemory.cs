using System.Numerics;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto.IO.Memory;

namespace Orchestrator.Data.TileProtocol;

/// <summary>
/// The memory that controller and tiles share for what is too much for a pipe: frames, programs, models, training states. Layout:
/// docs/spec/tiles.md. The controller makes it, the tiles inherit its descriptor.
/// </summary>
public sealed class TileMemory : IDisposable
{
    private const int ToTilesCapacity = 0;
    private const int FromTilesCapacity = 4;
    private const int ToTilesReleased = 64;
    private const int FromTilesReleased = 128;
    private const int SmallestRing = 1 << 19;
    private const int LargestRing = 1 << 26;

    private readonly SafeFileHandle _file;
    private readonly SharedMemory _header;
    private readonly SharedMemory _toTiles;
    private readonly SharedMemory _fromTiles;

    private TileMemory(SafeFileHandle file, SharedMemory header, int toTiles, int fromTiles)
    {
        _file = file;
        _header = header;
        _toTiles = SharedMemory.Map(file, SharedMemory.PageSize, toTiles, times: 2);
        _fromTiles = SharedMemory.Map(file, SharedMemory.PageSize + toTiles, fromTiles, times: 2);
        IsLocked = _toTiles.Protect() & _fromTiles.Protect();
        ToTiles = new TileRing(header, ToTilesReleased, _toTiles, toTiles);
        FromTiles = new TileRing(header, FromTilesReleased, _fromTiles, fromTiles);
    }

    /// <summary>From controller to tiles.</summary>
    public TileRing ToTiles { get; }

    /// <summary>From tiles to controller.</summary>
    public TileRing FromTiles { get; }

    /// <summary>Whether none of it can be swapped out.</summary>
    public bool IsLocked { get; }

    /// <summary>The descriptor; not for use after <see cref="Dispose"/>.</summary>
    public SafeFileHandle File => _file;

    /// <summary>Makes the memory.</summary>
    /// <param name="largestFrame">Bytes of plaintext of the largest frame: two fit.</param>
    public static TileMemory Create(int largestFrame)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(largestFrame, TileLimits.MaxMessageSize);
        var toTiles = (int)Math.Max(SmallestRing, BitOperations.RoundUpToPowerOf2(2 * ((uint)largestFrame + 64)));
        var file = SharedMemory.CreateFile(SharedMemory.PageSize + toTiles + SmallestRing);
        var header = SharedMemory.Map(file, 0, SharedMemory.PageSize);
        header.Word(ToTilesCapacity) = toTiles;
        header.Word(FromTilesCapacity) = SmallestRing;
        return new TileMemory(file, header, toTiles, SmallestRing);
    }

    /// <summary>Opens the memory that a process was given.</summary>
    /// <param name="descriptor">The number of the inherited descriptor.</param>
    /// <exception cref="IOException">It is none.</exception>
    public static TileMemory Open(int descriptor)
    {
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        SharedMemory.SetInherited(file, false);
        var header = SharedMemory.Map(file, 0, SharedMemory.PageSize);
        var toTiles = header.Word(ToTilesCapacity);
        var fromTiles = header.Word(FromTilesCapacity);
        return IsCapacity(toTiles) && IsCapacity(fromTiles)
            ? new TileMemory(file, header, toTiles, fromTiles)
            : throw new IOException("The shared memory is none of this protocol.");
    }

    /// <summary>Both rings, to be zeroed when the other end has ended.</summary>
    public IEnumerable<Memory<byte>> Rings => [_toTiles.Memory[..ToTiles.Capacity], _fromTiles.Memory[..FromTiles.Capacity]];

    /// <summary>Unmaps.</summary>
    public void Dispose()
    {
        ((IDisposable)_toTiles).Dispose();
        ((IDisposable)_fromTiles).Dispose();
        ((IDisposable)_header).Dispose();
        _file.Dispose();
    }

    private static bool IsCapacity(int bytes) => bytes is >= SmallestRing and <= LargestRing && BitOperations.IsPow2(bytes);
}
