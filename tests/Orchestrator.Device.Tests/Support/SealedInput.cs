using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Device.Tests.Support;

/// <summary>A sealed stream in memory, as its owner made it and a host stores it.</summary>
internal sealed class SealedInput
{
    public SealedInput(StreamKind kind, string owner, byte[] plaintext, int recordSize, int frameSize, StreamKey? key = null, int run = 0)
    {
        Key = key ?? StreamKey.Generate();
        Plaintext = plaintext;
        using var output = new MemoryStream();
        using var sealer = new StreamSealer(output, Key, StreamHeader.Create(kind, owner, recordSize) with { FrameSize = frameSize, Run = run });
        sealer.Write(plaintext);
        Digest = sealer.Finish();
        Bytes = output.ToArray();
        Layout = StreamLayout.Read(new MemoryStream(Bytes));
    }

    public StreamKey Key { get; }

    public byte[] Plaintext { get; }

    public byte[] Bytes { get; }

    public Digest Digest { get; }

    public StreamLayout Layout { get; }

    public byte[] Prologue => Bytes[..Layout.Prologue.Length];

    public byte[] Frame(long index)
    {
        (long offset, int length) = Layout.FrameRange(index);
        return Bytes.AsSpan((int)offset, length).ToArray();
    }
}
