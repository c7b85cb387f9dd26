using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Data.Tests.TileProtocol;

/// <summary>The rings in shared memory, with both ends in this process, each with a mapping of its own; and an end that lies.</summary>
public sealed class TileRingTests : IDisposable
{
    private const int ToTilesReleased = 64;

    private readonly TileMemory _controller = TileMemory.Create(largestFrame: 1000);
    private readonly TileMemory _tiles;
    private readonly SharedMemory _header;

    public TileRingTests()
    {
        _tiles = TileMemory.Open(Again(_controller.File));
        _header = SharedMemory.Map(_controller.File, 0, SharedMemory.PageSize);
    }

    private static CancellationToken Never => CancellationToken.None;

    [Fact]
    public void Messages_OfAnyLength_ArriveAsSentAndAreWiped()
    {
        var random = new Random(7);
        long through = 0;
        while (through < 5L * _controller.ToTiles.Capacity)
        {
            byte[] message = new byte[random.Next(_controller.ToTiles.Capacity / 3)];
            random.NextBytes(message);
            message.CopyTo(_controller.ToTiles.Reserve(message.Length, Never));
            _controller.ToTiles.Publish();

            ReadOnlyMemory<byte> taken = _tiles.ToTiles.Take(message.Length);
            Assert.True(taken.Span.SequenceEqual(message));
            _tiles.ToTiles.Release();
            Assert.False(taken.Span.ContainsAnyExcept((byte)0));
            through += message.Length;
        }

        Assert.All(_controller.Rings, ring => Assert.False(ring.Span.ContainsAnyExcept((byte)0)));
    }

    [Fact]
    public async Task Reserve_WithoutRoom_WaitsUntilTheOtherEndHasRead()
    {
        int whole = _controller.FromTiles.Capacity;
        _tiles.FromTiles.Reserve(whole, Never).Span.Fill(1);
        _tiles.FromTiles.Publish();
        Task<Memory<byte>> next = Task.Run(() => _tiles.FromTiles.Reserve(1, Never));
        Assert.False(next.IsCompleted);

        _controller.FromTiles.Take(whole);
        _controller.FromTiles.Release();

        Assert.Equal(1, (await next).Length);
    }

    [Fact]
    public void Reserve_WithoutRoomWhenTheOtherEndIsGone_GivesUp()
    {
        _controller.ToTiles.Reserve(_controller.ToTiles.Capacity, Never);
        _controller.ToTiles.Publish();
        using var gone = new CancellationTokenSource();
        gone.Cancel();

        Assert.Throws<OperationCanceledException>(() => _controller.ToTiles.Reserve(1, gone.Token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(-600_000)] // fewer than before
    [InlineData(int.MinValue)]
    public void Reserve_WhenTheOtherEndCountsWhatItWasNotSent_IsRefused(int released)
    {
        _header.Word(ToTilesReleased) = released;

        ErrorAssert.Throws(TileErrors.MessageMalformed, () => _controller.ToTiles.Reserve(1, Never));
    }

    [Fact]
    public void Take_OfMoreThanTheRingHolds_IsRefused() =>
        ErrorAssert.Throws(TileErrors.MessageTooLarge, () => _controller.FromTiles.Take(_controller.FromTiles.Capacity + 1));

    [Fact]
    public void Withdraw_WipesWhatWasWritten()
    {
        Memory<byte> reserved = _controller.ToTiles.Reserve(100, Never);
        reserved.Span.Fill(7);

        _controller.ToTiles.Withdraw();

        Assert.False(reserved.Span.ContainsAnyExcept((byte)0));
        Assert.True(_controller.ToTiles.Reserve(_controller.ToTiles.Capacity, Never).Length > 0);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 4096)]
    [InlineData(0, 524287)]
    [InlineData(4, int.MinValue)]
    [InlineData(4, 1 << 27)]
    [InlineData(4, 1 << 26)] // A capacity like any other, but the memory is shorter.
    public void Open_OfMemoryThatSaysWhatItIsNot_IsRefused(int word, int capacity)
    {
        _header.Word(word) = capacity;

        Assert.Throws<IOException>(() => TileMemory.Open(Again(_controller.File)));
    }

    [Fact]
    public void Open_OfAFileThatSomebodyCouldCutOff_IsRefused()
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, new byte[1 << 21]);
        int descriptor = Descriptor(path);
        File.Delete(path);

        Assert.Throws<IOException>(() => TileMemory.Open(descriptor));
    }

    public void Dispose()
    {
        ((IDisposable)_header).Dispose();
        _tiles.Dispose();
        _controller.Dispose();
    }

    // Another descriptor of the same memory, as a process that inherits it has one; whoever opens the memory by it owns it.
    private static int Again(SafeFileHandle file) => Descriptor(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}"));

    private static int Descriptor(string path)
    {
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        int descriptor = (int)handle.DangerousGetHandle();
        handle.SetHandleAsInvalid();
        return descriptor;
    }
}
