using System.IO.Compression;

namespace Grpc.Net.Compression;

/// <summary>One message encoding, as named in the <c>grpc-encoding</c> header.</summary>
public interface ICompressionProvider
{
    /// <summary>The name of the encoding on the wire, such as <c>gzip</c>.</summary>
    string EncodingName { get; }

    /// <summary>A stream that writes to <paramref name="stream"/>, compressed; null means the provider's own level.</summary>
    Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel);

    /// <summary>A stream that reads the decompressed content of <paramref name="stream"/>.</summary>
    Stream CreateDecompressionStream(Stream stream);
}
