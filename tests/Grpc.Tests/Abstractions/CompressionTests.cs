using System.IO.Compression;
using Grpc.Net.Compression;

namespace Grpc.Tests.Abstractions;

public class CompressionTests
{
    private static readonly byte[] Message = new byte[10_000];

    public static TheoryData<ICompressionProvider, string, byte> Providers() => new()
    {
        { new GzipCompressionProvider(CompressionLevel.Fastest), "gzip", 0x1f },
        { new DeflateCompressionProvider(CompressionLevel.Fastest), "deflate", 0x78 },
    };

    [Theory]
    [MemberData(nameof(Providers))]
    public void Provider_WritesItsFormatAndReadsItBack(ICompressionProvider provider, string name, byte firstByte)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = provider.CreateCompressionStream(compressed, null))
        {
            stream.Write(Message);
        }

        Assert.Equal(name, provider.EncodingName);
        Assert.Equal(firstByte, compressed.ToArray()[0]);
        Assert.InRange(compressed.Length, 1, Message.Length / 10);

        compressed.Position = 0;
        using var restored = new MemoryStream();
        provider.CreateDecompressionStream(compressed).CopyTo(restored);
        Assert.Equal(Message, restored.ToArray());
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public void Provider_TakesTheLevelOfTheMessage(ICompressionProvider provider, string name, byte firstByte)
    {
        using var stored = new MemoryStream();
        using (Stream stream = provider.CreateCompressionStream(stored, CompressionLevel.NoCompression))
        {
            stream.Write(Message);
        }

        Assert.InRange(stored.Length, Message.Length, long.MaxValue);
        Assert.Equal((name, firstByte), (provider.EncodingName, stored.ToArray()[0]));
    }
}
