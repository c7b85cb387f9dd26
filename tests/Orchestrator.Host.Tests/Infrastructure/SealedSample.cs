using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>A sealed stream in memory.</summary>
internal sealed record SealedSample(byte[] Bytes, Digest Digest, StreamLayout Layout)
{
    public static SealedSample Create(int length, StreamKind kind = StreamKind.Data, string owner = "clinic-a", int recordSize = 1, int frameSize = 1024)
    {
        byte[] plaintext = new byte[length];
        new Random(length).NextBytes(plaintext);
        StreamHeader header = StreamHeader.Create(kind, owner, recordSize) with { FrameSize = frameSize };
        using var key = StreamKey.Generate();
        var output = new MemoryStream();
        using var sealer = new StreamSealer(output, key, header);
        sealer.Write(plaintext);
        Digest digest = sealer.Finish();
        byte[] bytes = output.ToArray();
        return new SealedSample(bytes, digest, StreamLayout.Read(new MemoryStream(bytes)));
    }
}
