using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Streams;

public class TamperTests : IDisposable
{
    private const int C = Sealing.FrameSize;
    private const int Full = C + StreamLimits.FrameOverhead;

    private readonly StreamKey _key = StreamKey.Generate();
    private readonly byte[] _file;
    private readonly int _start;

    public TamperTests()
    {
        _file = Sealing.Seal(_key, Sealing.Header(recordSize: 4), Sealing.Bytes((3 * C) + 40));
        _start = StreamPrologue.Read(new MemoryStream(_file)).Length;
    }

    public void Dispose() => _key.Dispose();

    public static TheoryData<string, int, string> Fields => new()
    {
        { "magic", 0, "stream-foreign" },
        { "magic end", 7, "stream-foreign" },
        { "version", 11, "stream-unsupported-version" },
        { "version high byte", 8, "stream-unsupported-version" },
        { "header length", 15, "stream-header-not-canonical" },
        { "header length high byte", 12, "stream-header-invalid" },
        { "frame 0 IV kind", Place(0, 0), "stream-frame-tampered" },
        { "frame 0 IV run", Place(0, 3), "stream-frame-tampered" },
        { "frame 0 IV index", Place(0, 11), "stream-frame-tampered" },
        { "frame 0 reserved", Place(0, 12), "stream-frame-tampered" },
        { "frame 0 reserved end", Place(0, 15), "stream-frame-tampered" },
        { "frame 0 ciphertext", Place(0, 16), "stream-frame-tampered" },
        { "frame 0 ciphertext end", Place(0, 16 + C - 1), "stream-frame-tampered" },
        { "frame 0 tag", Place(0, 16 + C), "stream-frame-tampered" },
        { "frame 1 tag end", Place(1, Full - 1), "stream-frame-tampered" },
        { "last frame IV", Place(3, 11), "stream-frame-tampered" },
        { "last frame ciphertext", Place(3, 16), "stream-frame-tampered" },
        { "last frame tag", Place(3, 16 + 40 + 15), "stream-frame-tampered" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void Opener_OneByteAltered_NamesTheFailure(string field, int offset, string code)
    {
        byte[] file = (byte[])_file.Clone();
        file[offset < FrameBase ? offset : _start + offset - FrameBase] ^= 1;

        Assert.True(code == Sealing.OpenError(_key, file)?.Id, field);
        Assert.True(code == Sealing.OpenError(_key, file, parallelism: 4)?.Id, field);
    }

    [Fact]
    public void Opener_AnyByteOfHeaderOrCommitmentAltered_IsRefused()
    {
        ErrorCode[] expected = [StreamErrors.HeaderNotCanonical, StreamErrors.HeaderInvalid, StreamErrors.WrongKey];
        for (int offset = StreamLimits.PreambleSize; offset < _start; offset++)
        {
            byte[] file = (byte[])_file.Clone();
            file[offset] ^= 1;
            Assert.Contains(Sealing.OpenError(_key, file), expected);
        }
    }

    [Fact]
    public void Opener_AnyBitOfTheStreamAltered_IsRefused()
    {
        for (int bit = 0; bit < 8 * _file.Length; bit += 5)
        {
            byte[] file = (byte[])_file.Clone();
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(Sealing.OpenError(_key, file));
        }
    }

    [Fact]
    public void Opener_StreamCutAnywhere_IsRefused()
    {
        for (int length = 0; length < _file.Length; length++)
        {
            ErrorCode? code = Sealing.OpenError(_key, _file[..length]);
            Assert.True(code is not null, $"cut to {length} bytes");
        }
    }

    [Fact]
    public void Opener_CutAtAFrameEdge_IsTruncated()
    {
        for (int frames = 0; frames <= 3; frames++)
        {
            Assert.Equal(StreamErrors.Truncated, Sealing.OpenError(_key, _file[..(_start + (frames * Full))]));
            Assert.Equal(StreamErrors.Truncated, Sealing.DigestError(_file[..(_start + (frames * Full))]));
        }
    }

    [Fact]
    public void Opener_StreamExtended_IsRefused()
    {
        byte[] frame0 = _file[_start..(_start + Full)];
        foreach (byte[] tail in new[] { [0], new byte[4], new byte[C - 40], new byte[C], new byte[5 * C], frame0, _file })
        {
            Assert.Equal(StreamErrors.FrameTampered, Sealing.OpenError(_key, [.. _file, .. tail]));
        }
    }

    [Fact]
    public void Opener_FramesMoved_AreOutOfOrder()
    {
        byte[][] frames = [.. Enumerable.Range(0, 4).Select(i => _file[(_start + (i * Full))..Math.Min(_file.Length, _start + ((i + 1) * Full))])];
        foreach (int[] order in new int[][] { [1, 0, 2, 3], [0, 2, 3], [0, 0, 1, 2, 3], [0, 1, 1, 2, 3], [0, 1, 2, 2, 3], [3], [0, 3], [2, 1, 0, 3] })
        {
            byte[] file = [.. _file[.._start], .. order.SelectMany(i => frames[i])];
            Assert.Equal(StreamErrors.FrameOutOfOrder, Sealing.OpenError(_key, file));
            Assert.Equal(StreamErrors.FrameOutOfOrder, Sealing.OpenError(_key, file, parallelism: 3));
            Assert.Equal(StreamErrors.FrameOutOfOrder, Sealing.DigestError(file));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Opener_FrameOfAnotherStream_IsTampered(bool sameKey)
    {
        using StreamKey otherKey = StreamKey.Generate();
        byte[] other = Sealing.Seal(sameKey ? _key : otherKey, Sealing.Header(recordSize: 4), Sealing.Bytes((3 * C) + 40));
        byte[] file = (byte[])_file.Clone();
        other.AsSpan(_start + Full, Full).CopyTo(file.AsSpan(_start + Full));

        Assert.Equal(StreamErrors.FrameTampered, Sealing.OpenError(_key, file));
    }

    [Fact]
    public void Opener_WrongKey_IsToldBeforeAnyFrame()
    {
        using StreamKey other = StreamKey.Generate();
        ErrorCode? code = Sealing.ErrorOf(() => StreamOpener.Open(new MemoryStream(_file[.._start]), other));
        Assert.Equal(StreamErrors.WrongKey, code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Opener_TamperedFrame_GivesTheFramesBeforeItAndNothingAfter(int parallelism)
    {
        byte[] file = (byte[])_file.Clone();
        file[_start + (2 * Full) + 100] ^= 1;
        using StreamOpener opener = StreamOpener.Open(new MemoryStream(file), _key, parallelism);

        Assert.True(opener.TryReadFrame(out _));
        Assert.True(opener.TryReadFrame(out _));
        OrchestratorException error = ErrorAssert.Throws(StreamErrors.FrameTampered, () => opener.TryReadFrame(out _));
        Assert.Contains("Frame 2", error.Message, StringComparison.Ordinal);
        ErrorAssert.Throws(StreamErrors.FrameTampered, () => opener.TryReadFrame(out _));
    }

    [Fact]
    public void Opener_ReplacedByTheKeysHolder_FailsThePinnedDigest()
    {
        StreamHeader header = Sealing.Header();
        (_, Digest agreed) = Sealing.SealWithDigest(_key, header, Sealing.Bytes(1000, seed: 1));
        byte[] swapped = Sealing.Seal(_key, header, Sealing.Bytes(1000, seed: 2));
        using StreamOpener opener = StreamOpener.OpenPinned(new MemoryStream(swapped), _key, agreed);

        ErrorAssert.Throws(StreamErrors.DigestMismatch, () => opener.CopyTo(Stream.Null));
    }

    [Fact]
    public void FrameOpener_GenuineFrameInAnotherPlace_OpensAndTellsItsIv()
    {
        StreamPrologue prologue = StreamPrologue.Parse(_file.AsSpan(0, _start));
        Assert.True(FrameOpener.TryCreate(_key, prologue, out FrameOpener? opener));
        using (opener)
        {
            byte[] plaintext = new byte[C];
            Assert.True(opener.TryOpen(_file.AsSpan(_start + (2 * Full), Full), plaintext, out FrameIv iv, out int written));
            Assert.Equal((new FrameIv(StreamKind.Data, 0, 2), C), (iv, written));
            Assert.Equal(Sealing.Bytes((3 * C) + 40)[(2 * C)..(3 * C)], plaintext);
        }
    }

    [Fact]
    public void FrameOpener_HostileFrames_AreRefusedAndLeaveNothing()
    {
        StreamPrologue prologue = StreamPrologue.Parse(_file.AsSpan(0, _start));
        Assert.True(FrameOpener.TryCreate(_key, prologue, out FrameOpener? opener));
        using (opener)
        {
            byte[] altered = _file[_start..(_start + Full)];
            altered[200] ^= 1;
            foreach (byte[] frame in new[] { [], new byte[31], new byte[32], new byte[Full], new byte[Full + 4], altered })
            {
                byte[] plaintext = new byte[C];
                Assert.False(opener.TryOpen(frame, plaintext, out _, out int written));
                Assert.Equal(0, written);
                Assert.DoesNotContain(plaintext, b => b != 0);
            }
        }
    }

    private const int FrameBase = 1_000_000;

    // Frame offsets are known only once the stream is sealed: counted from FrameBase.
    private static int Place(int frame, int offset) => FrameBase + (frame * Full) + offset;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Opener_EachFrameOfSeveralBatchesAltered_GivesTheFramesBeforeIt(int parallelism)
    {
        const int Frames = 50;
        byte[] plaintext = Sealing.Bytes(Frames * C);
        byte[] whole = Sealing.Seal(_key, Sealing.Header(), plaintext);
        Digest digest = StreamDigester.Digest(new MemoryStream(whole)).Digest;
        int start = StreamPrologue.Read(new MemoryStream(whole)).Length;
        for (int frame = 0; frame <= Frames; frame++)
        {
            byte[] altered = (byte[])whole.Clone();
            altered[start + (frame * Full) + 16] ^= 1;
            byte[] cut = whole[..(start + (frame * Full))];
            byte[] torn = whole[..(start + (frame * Full) + 31)];

            Assert.Equal((frame, StreamErrors.FrameTampered), FramesUntilRefused(altered, digest, parallelism));
            Assert.Equal((frame, StreamErrors.Truncated), FramesUntilRefused(cut, digest, parallelism));
            Assert.Equal((frame, StreamErrors.Truncated), FramesUntilRefused(torn, digest, parallelism));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Opener_TwoFramesOfABatchExchanged_AreOutOfOrder(int parallelism)
    {
        byte[] whole = Sealing.Seal(_key, Sealing.Header(), Sealing.Bytes(40 * C));
        Digest digest = StreamDigester.Digest(new MemoryStream(whole)).Digest;
        Span<byte> frames = whole.AsSpan(StreamPrologue.Read(new MemoryStream(whole)).Length);
        byte[] first = frames.Slice(17 * Full, Full).ToArray();
        frames.Slice(20 * Full, Full).CopyTo(frames[(17 * Full)..]);
        first.CopyTo(frames[(20 * Full)..]);

        Assert.Equal((17, StreamErrors.FrameOutOfOrder), FramesUntilRefused(whole, digest, parallelism));
    }

    private (int Frames, ErrorCode? Code) FramesUntilRefused(byte[] file, Digest digest, int parallelism)
    {
        using StreamOpener opener = StreamOpener.OpenPinned(new MemoryStream(file), _key, digest, parallelism);
        int frames = 0;
        ErrorCode? code = Sealing.ErrorOf(() =>
        {
            while (opener.TryReadFrame(out _))
            {
                frames++;
            }
        });
        return (frames, code);
    }
}
