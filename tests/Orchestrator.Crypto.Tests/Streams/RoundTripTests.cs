using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Streams;

public class RoundTripTests
{
    private const int C = Sealing.FrameSize;

    public static TheoryData<int, int, int> Lengths
    {
        get
        {
            var data = new TheoryData<int, int, int>();
            foreach (int length in new[] { 0, 1, C - 1, C, C + 1, 2 * C, (2 * C) + 37, (9 * C) + 5 })
            {
                foreach (int writeSize in new[] { 1, 7, C - 1, C, C + 1, (3 * C) + 11, int.MaxValue })
                {
                    foreach (int parallelism in new[] { 1, 3 })
                    {
                        data.Add(length, writeSize, parallelism);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Stream_SealedInPieces_OpensToTheSamePlaintext(int length, int writeSize, int parallelism)
    {
        byte[] plaintext = Sealing.Bytes(length);
        using StreamKey key = StreamKey.Generate();
        StreamHeader header = Sealing.Header();

        (byte[] file, Digest digest) = Sealing.SealWithDigest(key, header, plaintext, writeSize, parallelism);

        int frames = (length / C) + 1;
        int prologue = StreamPrologue.Read(new MemoryStream(file)).Length;
        Assert.Equal(prologue + length + (frames * StreamLimits.FrameOverhead), file.Length);
        Assert.Equal(plaintext, Sealing.Open(key, file, parallelism));
        Assert.Equal((frames, digest), (StreamDigester.Digest(new MemoryStream(file)).Layout.FrameCount, StreamDigester.Digest(new MemoryStream(file)).Digest));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Stream_ThroughPipes_OpensToTheSamePlaintext(int parallelism)
    {
        byte[] plaintext = Sealing.Bytes((5 * C) + 3);
        using StreamKey key = StreamKey.Generate();
        var file = new MemoryStream();
        using var sealer = new StreamSealer(new Trickle(file, C), key, Sealing.Header(), parallelism);
        sealer.CopyFrom(new Trickle(new MemoryStream(plaintext), 13));
        Digest digest = sealer.Finish();

        using StreamOpener opener = StreamOpener.OpenPinned(new Trickle(new MemoryStream(file.ToArray()), 17), key, digest, parallelism);
        var opened = new MemoryStream();
        opener.CopyTo(opened);

        Assert.Equal(plaintext, opened.ToArray());
    }

    [Fact]
    public void Opener_ReadInOddPieces_GivesThePlaintextThenZero()
    {
        byte[] plaintext = Sealing.Bytes((3 * C) + 100);
        using StreamKey key = StreamKey.Generate();
        using StreamOpener opener = StreamOpener.Open(new MemoryStream(Sealing.Seal(key, Sealing.Header(), plaintext)), key);

        var opened = new List<byte>();
        byte[] piece = new byte[77];
        for (int count = opener.Read(piece); count > 0; count = opener.Read(piece))
        {
            opened.AddRange(piece.AsSpan(0, count));
        }

        Assert.Equal(plaintext, opened);
        Assert.Equal(0, opener.Read(piece));
    }

    [Fact]
    public void Opener_CopyAfterRead_GivesTheRest()
    {
        byte[] plaintext = Sealing.Bytes((2 * C) + 9);
        using StreamKey key = StreamKey.Generate();
        using StreamOpener opener = StreamOpener.Open(new MemoryStream(Sealing.Seal(key, Sealing.Header(), plaintext)), key);
        byte[] start = new byte[10];
        opener.Read(start);

        var rest = new MemoryStream();
        opener.CopyTo(rest);

        Assert.Equal(plaintext, start.Concat(rest.ToArray()));
    }

    [Fact]
    public void Sealer_TwoStreamsOfOneKeyAndHeader_AreIdentical()
    {
        byte[] plaintext = Sealing.Bytes((4 * C) + 1);
        using StreamKey key = StreamKey.Generate();
        StreamHeader header = Sealing.Header();

        Assert.Equal(Sealing.Seal(key, header, plaintext, 100), Sealing.Seal(key, header, plaintext, parallelism: 3));
    }

    [Fact]
    public void Stream_ManyFramesOnManyThreads_KeepsItsOrder()
    {
        byte[] plaintext = Sealing.Bytes(5000 * 256);
        using StreamKey key = StreamKey.Generate();
        StreamHeader header = Sealing.Header(frameSize: 256);

        (byte[] file, Digest digest) = Sealing.SealWithDigest(key, header, plaintext, parallelism: 8);

        Assert.Equal(Sealing.SealWithDigest(key, header, plaintext).Digest, digest);
        Assert.Equal(plaintext, Sealing.Open(key, file, parallelism: 8));
    }

    [Fact]
    public void CopyFromAndCopyTo_Cancelled_Stop()
    {
        using StreamKey key = StreamKey.Generate();
        byte[] file = Sealing.Seal(key, Sealing.Header(), Sealing.Bytes(3 * C));
        using var sealer = new StreamSealer(new MemoryStream(), key, Sealing.Header(), parallelism: 2);
        using StreamOpener opener = StreamOpener.Open(new MemoryStream(file), key, parallelism: 2);

        Assert.Throws<OperationCanceledException>(() => sealer.CopyFrom(new MemoryStream(file), new CancellationToken(canceled: true)));
        Assert.Throws<OperationCanceledException>(() => opener.CopyTo(Stream.Null, new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Sealer_ParallelismBelowOne_Throws(int parallelism)
    {
        using StreamKey key = StreamKey.Generate();
        var output = new MemoryStream();
        Assert.Throws<ArgumentOutOfRangeException>(() => new StreamSealer(output, key, Sealing.Header(), parallelism));
        Assert.Equal(0, output.Length);
    }

    [Fact]
    public void Sealer_PlaintextThatSplitsARecord_IsRefused()
    {
        using StreamKey key = StreamKey.Generate();
        using var sealer = new StreamSealer(new MemoryStream(), key, Sealing.Header(recordSize: 16));
        sealer.Write(new byte[C + 17]);

        var error = Assert.Throws<OrchestratorException>(() => sealer.Finish());
        Assert.Equal(StreamErrors.RecordSplit, error.Code);
    }

    [Fact]
    public void Sealer_AfterFinish_IsRefused()
    {
        using StreamKey key = StreamKey.Generate();
        using var sealer = new StreamSealer(new MemoryStream(), key, Sealing.Header());
        sealer.Finish();

        Assert.Throws<InvalidOperationException>(() => sealer.Write([1]));
        Assert.Throws<InvalidOperationException>(() => sealer.Finish());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sealer_Disposed_WritesNothingMore(int parallelism)
    {
        using StreamKey key = StreamKey.Generate();
        var output = new MemoryStream();
        var sealer = new StreamSealer(output, key, Sealing.Header(), parallelism);
        sealer.Write(new byte[2 * C]);
        sealer.Dispose();
        long length = output.Length;

        Assert.Throws<ObjectDisposedException>(() => sealer.Write([1]));
        Assert.Throws<ObjectDisposedException>(() => sealer.Finish());
        Assert.Equal(length, output.Length);
        sealer.Dispose();
    }

    [Fact]
    public void Opener_Disposed_GivesNothingMore()
    {
        using StreamKey key = StreamKey.Generate();
        StreamOpener opener = StreamOpener.Open(new MemoryStream(Sealing.Seal(key, Sealing.Header(), Sealing.Bytes(100))), key);
        opener.Read(new byte[10]);
        opener.Dispose();

        Assert.Throws<ObjectDisposedException>(() => opener.Read(new byte[10]));
        Assert.Throws<ObjectDisposedException>(() => opener.CopyTo(new MemoryStream()));
    }

    [Fact]
    public void Sealer_DisposedWithoutFinish_LeavesATruncatedStream()
    {
        using StreamKey key = StreamKey.Generate();
        var file = new MemoryStream();
        using (var sealer = new StreamSealer(file, key, Sealing.Header(), parallelism: 2))
        {
            sealer.Write(new byte[20 * C]);
        }

        Assert.Equal(StreamErrors.Truncated, Sealing.OpenError(key, file.ToArray()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Opened_SealedAgain_GivesTheSameBytes(int recordSize)
    {
        using StreamKey key = StreamKey.Generate();
        byte[] file = Sealing.Seal(key, Sealing.Header(recordSize, frameSize: 510), Sealing.Bytes(3 * 700));

        using StreamOpener opener = StreamOpener.Open(new MemoryStream(file), key);
        var again = new MemoryStream();
        using var sealer = new StreamSealer(again, key, opener.Header);
        while (opener.TryReadFrame(out ReadOnlyMemory<byte> frame))
        {
            sealer.Write(frame.Span);
        }

        sealer.Finish();
        Assert.Equal(file, again.ToArray());
    }
}
