using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Streams;

/// <summary>Seals and opens whole byte arrays, for tests.</summary>
internal static class Sealing
{
    public const int FrameSize = 512;

    public static StreamHeader Header(int recordSize = 1, int frameSize = FrameSize, StreamKind kind = StreamKind.Data, int run = 0) =>
        StreamHeader.Create(kind, "clinic-a", recordSize) with { FrameSize = frameSize, Run = run };

    /// <summary>Reproducible bytes.</summary>
    public static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static byte[] Seal(StreamKey key, StreamHeader header, ReadOnlySpan<byte> plaintext, int writeSize = int.MaxValue, int parallelism = 1) =>
        SealWithDigest(key, header, plaintext, writeSize, parallelism).Sealed;

    public static (byte[] Sealed, Digest Digest) SealWithDigest(StreamKey key, StreamHeader header, ReadOnlySpan<byte> plaintext, int writeSize = int.MaxValue, int parallelism = 1)
    {
        var output = new MemoryStream();
        using var sealer = new StreamSealer(output, key, header, parallelism);
        while (!plaintext.IsEmpty)
        {
            int count = Math.Min(writeSize, plaintext.Length);
            sealer.Write(plaintext[..count]);
            plaintext = plaintext[count..];
        }

        Digest digest = sealer.Finish();
        return (output.ToArray(), digest);
    }

    public static byte[] Open(StreamKey key, byte[] @sealed, int parallelism = 1)
    {
        using StreamOpener opener = StreamOpener.Open(new MemoryStream(@sealed), key, parallelism);
        var output = new MemoryStream();
        opener.CopyTo(output);
        return output.ToArray();
    }

    /// <summary>The code that opening ends with, or <see langword="null"/> if it succeeds.</summary>
    public static ErrorCode? OpenError(StreamKey key, byte[] @sealed, int parallelism = 1) => ErrorOf(() => Open(key, @sealed, parallelism));

    /// <summary>The code that digesting without a key ends with, or <see langword="null"/> if it succeeds.</summary>
    public static ErrorCode? DigestError(byte[] @sealed) => ErrorOf(() => StreamDigester.Digest(new MemoryStream(@sealed)));

    public static ErrorCode? ErrorOf(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (OrchestratorException e)
        {
            return e.Code;
        }
    }
}

/// <summary>A stream that gives and takes a few bytes at a time and does not seek, as a pipe does.</summary>
internal sealed class Trickle(Stream inner, int most) : Stream
{
    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, most));

    public override int Read(Span<byte> buffer) => inner.Read(buffer[..Math.Min(buffer.Length, most)]);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
