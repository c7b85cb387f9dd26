using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

public class SealedStreamReaderTests : IDisposable
{
    private const int C = Sealing.FrameSize;

    private readonly StreamKey _key = StreamKey.Generate();
    private readonly byte[] _plaintext = Sealing.Bytes((5 * C) + 40);
    private readonly byte[] _file;

    public SealedStreamReaderTests() => _file = Sealing.Seal(_key, Sealing.Header(recordSize: 4), _plaintext);

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task Reader_FramesInAnyOrder_GivesTheirPlaintext()
    {
        using SealedStreamReader reader = SealedStreamReader.Open(new MemoryStream(_file), _key);

        Assert.Equal((6, 4), (reader.FrameCount, reader.Header.RecordSize));
        foreach (int frame in new[] { 3, 0, 5, 1, 1, 4, 2 })
        {
            byte[] expected = _plaintext[(frame * C)..Math.Min(_plaintext.Length, (frame + 1) * C)];
            Assert.Equal(expected, (await reader.ReadAsync(frame, TestContext.Current.CancellationToken)).ToArray());
            Assert.Equal(expected, reader.Read(frame).ToArray());
        }
    }

    [Fact]
    public async Task Reader_NoSuchFrame_Throws()
    {
        using SealedStreamReader reader = SealedStreamReader.Open(new MemoryStream(_file), _key);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await reader.ReadAsync(6, default));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await reader.ReadAsync(-1, default));
    }

    [Fact]
    public void Reader_OneTamperedFrame_RefusesThatFrameOnly()
    {
        byte[] file = (byte[])_file.Clone();
        (long offset, _) = StreamLayout.Read(new MemoryStream(file)).FrameRange(2);
        file[offset + 77] ^= 1;
        using SealedStreamReader reader = SealedStreamReader.Open(new MemoryStream(file), _key);

        reader.Read(1);
        ErrorAssert.Throws(StreamErrors.FrameTampered, () => reader.Read(2));
        reader.Read(3);
    }

    [Fact]
    public void Reader_FramesSwapped_AreOutOfOrder()
    {
        byte[] file = (byte[])_file.Clone();
        StreamLayout layout = StreamLayout.Read(new MemoryStream(file));
        (long first, int length) = layout.FrameRange(0);
        _file.AsSpan((int)first, length).CopyTo(file.AsSpan((int)first + length));
        using SealedStreamReader reader = SealedStreamReader.Open(new MemoryStream(file), _key);

        ErrorAssert.Throws(StreamErrors.FrameOutOfOrder, () => reader.Read(1));
    }

    [Fact]
    public void Open_CutStream_IsRefusedBeforeAnyRead()
    {
        for (int length = 0; length < _file.Length; length += 3)
        {
            Assert.NotNull(Sealing.ErrorOf(() => SealedStreamReader.Open(new MemoryStream(_file[..length]), _key).Dispose()));
        }
    }

    [Fact]
    public void Open_WrongKey_IsRefused()
    {
        using StreamKey other = StreamKey.Generate();
        ErrorAssert.Throws(StreamErrors.WrongKey, () => SealedStreamReader.Open(new MemoryStream(_file), other));
    }

    [Fact]
    public void Open_StreamThatDoesNotSeek_Throws() =>
        Assert.Throws<ArgumentException>(() => SealedStreamReader.Open(new Trickle(new MemoryStream(_file), 100), _key));
}
