using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

public class FrameSealerTests : IDisposable
{
    private const int C = Sealing.FrameSize;

    private readonly StreamKey _key = StreamKey.Generate();
    private readonly byte[] _frame = new byte[C + StreamLimits.FrameOverhead];

    public void Dispose() => _key.Dispose();

    [Fact]
    public void FrameSealer_FrameByFrame_MakesTheSealersStream()
    {
        byte[] plaintext = Sealing.Bytes((2 * C) + 40);
        StreamHeader header = Sealing.Header(recordSize: 4);
        using var sealer = new FrameSealer(_key, header);
        var file = new MemoryStream();
        file.Write(sealer.Prologue.Bytes.Span);
        foreach (byte[] piece in plaintext.Chunk(C))
        {
            int length = sealer.Seal(piece, _frame);
            file.Write(_frame, 0, length);
        }

        Assert.Equal(3, sealer.Index);
        Assert.Equal(Sealing.Seal(_key, header, plaintext), file.ToArray());
    }

    [Fact]
    public void FrameSealer_InPlace_GivesTheSameFrame()
    {
        byte[] plaintext = Sealing.Bytes(C);
        StreamHeader header = Sealing.Header();
        using var apart = new FrameSealer(_key, header);
        using var inPlace = new FrameSealer(_key, header);
        byte[] buffer = new byte[_frame.Length];
        plaintext.CopyTo(buffer, StreamLimits.IvFieldSize);

        apart.Seal(plaintext, _frame);
        inPlace.Seal(buffer.AsSpan(StreamLimits.IvFieldSize, C), buffer);

        Assert.Equal(_frame, buffer);
    }

    [Fact]
    public void FrameSealer_AfterAShortFrame_IsRefused()
    {
        using var sealer = new FrameSealer(_key, Sealing.Header());
        sealer.Seal(new byte[3], _frame);
        Assert.Throws<InvalidOperationException>(() => sealer.Seal(new byte[C], _frame));
    }

    [Fact]
    public void FrameSealer_WrongSizes_AreRefusedAndUseNoIndex()
    {
        using var sealer = new FrameSealer(_key, Sealing.Header(recordSize: 4));
        Assert.Throws<ArgumentException>(() => sealer.Seal(new byte[C + 4], new byte[2 * C]));
        Assert.Throws<ArgumentException>(() => sealer.Seal(new byte[7], _frame));
        Assert.Throws<ArgumentException>(() => sealer.Seal(new byte[C], new byte[C + 31]));
        Assert.Equal(0, sealer.Index);
    }

    [Fact]
    public void FrameOpener_TooLittleRoom_Throws()
    {
        using var sealer = new FrameSealer(_key, Sealing.Header());
        sealer.Seal(new byte[C], _frame);
        Assert.True(FrameOpener.TryCreate(_key, sealer.Prologue, out FrameOpener? opener));
        using (opener)
        {
            Assert.Throws<ArgumentException>(() => opener.TryOpen(_frame, new byte[C - 1], out _, out _));
        }
    }

    [Fact]
    public void FrameOpener_InPlace_GivesThePlaintext()
    {
        byte[] plaintext = Sealing.Bytes(C);
        using var sealer = new FrameSealer(_key, Sealing.Header());
        sealer.Seal(plaintext, _frame);
        Assert.True(FrameOpener.TryCreate(_key, sealer.Prologue, out FrameOpener? opener));
        using (opener)
        {
            Assert.True(opener.TryOpen(_frame, _frame.AsSpan(StreamLimits.IvFieldSize, C), out _, out _));
            Assert.Equal(plaintext, _frame[StreamLimits.IvFieldSize..^StreamLimits.TagSize]);
        }
    }
}
