using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Streams;

public class StreamLayoutTests : IDisposable
{
    private const int C = Sealing.FrameSize;
    private const int Full = C + StreamLimits.FrameOverhead;

    private readonly StreamKey _key = StreamKey.Generate();

    public void Dispose() => _key.Dispose();

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(C - 4, 1, C - 4)]
    [InlineData(C, 2, 0)]
    [InlineData((2 * C) + 40, 3, 40)]
    public void Layout_OfASealedStream_TellsItsFrames(int length, int frames, int last)
    {
        byte[] file = Sealing.Seal(_key, Sealing.Header(recordSize: 4), Sealing.Bytes(length));
        StreamLayout layout = StreamLayout.Read(new MemoryStream(file));

        Assert.Equal((frames, last, length, length / 4, file.Length),
            (layout.FrameCount, layout.LastFrameSize, layout.PlaintextLength, layout.RecordCount, layout.TotalLength));
        Assert.Equal((layout.Prologue.Length, frames == 1 ? last + 32 : Full), layout.FrameRange(0));
        (long offset, int size) = layout.FrameRange(frames - 1);
        Assert.Equal((file.Length, last + 32), (offset + size, size));
        Assert.Throws<ArgumentOutOfRangeException>(() => layout.FrameRange(frames));
        Assert.Throws<ArgumentOutOfRangeException>(() => layout.FrameRange(-1));
    }

    [Theory]
    [InlineData(0, "stream-truncated")]
    [InlineData(31, "stream-truncated")]
    [InlineData(Full, "stream-truncated")]
    [InlineData(Full + 31, "stream-truncated")]
    [InlineData(33, "stream-truncated")]
    [InlineData(Full + 35, "stream-truncated")]
    [InlineData(-1, "stream-truncated")]
    public void Layout_ImpossibleLength_IsRefused(int body, string code)
    {
        StreamPrologue prologue = StreamPrologue.Read(new MemoryStream(Sealing.Seal(_key, Sealing.Header(recordSize: 4), [])));
        Assert.Equal(code, Sealing.ErrorOf(() => StreamLayout.Of(prologue, prologue.Length + body))?.Id);
    }

    [Theory]
    [InlineData(256, 1L << 32)]
    [InlineData(1 << 24, 1L << 24)]
    public void Layout_MoreFramesThanAllowed_IsRefused(int frameSize, long most)
    {
        StreamPrologue prologue = StreamPrologue.Read(new MemoryStream(Sealing.Seal(_key, Sealing.Header(frameSize: frameSize), [])));
        long full = frameSize + StreamLimits.FrameOverhead;

        Assert.Equal(most, StreamLayout.Of(prologue, prologue.Length + ((most - 1) * full) + 32).FrameCount);
        Assert.Equal(StreamErrors.TooLong, Sealing.ErrorOf(() => StreamLayout.Of(prologue, prologue.Length + (most * full) + 32)));
        Assert.Equal(StreamErrors.TooLong, Sealing.ErrorOf(() => StreamLayout.Of(prologue, prologue.Length + (long.MaxValue / 2 / full * full) + 32)));
    }

    [Fact]
    public void Prologue_FollowedByABytes_IsRefused()
    {
        byte[] file = Sealing.Seal(_key, Sealing.Header(), []);
        int length = StreamPrologue.Read(new MemoryStream(file)).Length;

        Assert.Equal(file[..length], StreamPrologue.Parse(file.AsSpan(0, length)).Bytes.ToArray());
        Assert.Equal(StreamErrors.TrailingBytes, Sealing.ErrorOf(() => StreamPrologue.Parse(file.AsSpan(0, length + 1))));
        Assert.Equal(StreamErrors.Truncated, Sealing.ErrorOf(() => StreamPrologue.Parse(file.AsSpan(0, length - 1))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public void Digester_PiecesOfAnySize_GivesWhatTheSealerGave(int piece)
    {
        (byte[] file, Digest digest) = Sealing.SealWithDigest(_key, Sealing.Header(), Sealing.Bytes((3 * C) + 40));
        var leaves = new List<Digest>();
        using var digester = new StreamDigester(leaves);
        foreach (byte[] bytes in file.Chunk(piece))
        {
            digester.Append(bytes);
        }

        StreamSummary summary = digester.Finish();

        Assert.Equal(digest, summary.Digest);
        Assert.Equal(4, summary.Layout.FrameCount);
        Assert.Equal(5, leaves.Count);
        Assert.Equal(digest, MerkleTree.Root(leaves.ToArray()));
        (long offset, int length) = summary.Layout.FrameRange(2);
        Digest leaf = MerkleTree.LeafHash(file.AsSpan((int)offset, length));
        Assert.True(MerkleTree.VerifyPath(digest, summary.Layout.FrameCount + 1, 3, leaf, MerkleTree.AuditPath(leaves.ToArray(), 3)));
    }

    [Fact]
    public void Digester_ForeignUpload_IsRefusedAtItsFirstBytes()
    {
        using var digester = new StreamDigester();
        ErrorAssert.Throws(StreamErrors.Foreign, () => digester.Append("id,radius_mean,texture_mean\n"u8));
        ErrorAssert.Throws(StreamErrors.Foreign, () => digester.Finish());
    }

    [Fact]
    public void Digester_FrameInAnotherPlace_IsRefusedWhenItsIvArrives()
    {
        byte[] file = Sealing.Seal(_key, Sealing.Header(), Sealing.Bytes((3 * C) + 40));
        int start = StreamPrologue.Read(new MemoryStream(file)).Length;
        using var digester = new StreamDigester();
        digester.Append(file.AsSpan(0, start + Full));
        digester.Append(file.AsSpan(start, 15));

        OrchestratorException error = ErrorAssert.Throws(StreamErrors.FrameOutOfOrder, () => digester.Append([0]));
        Assert.Contains("frame 1", error.Message, StringComparison.Ordinal);
    }
}
