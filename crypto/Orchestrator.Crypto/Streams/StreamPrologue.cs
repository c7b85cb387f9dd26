using System.Buffers.Binary;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>Everything of a sealed stream before its first frame: magic, version, header length, header, commitment. Needs no key.</summary>
/// <remarks>Parsing accepts exactly what sealing writes; whether the header is authentic only the key's holder can tell.</remarks>
public sealed class StreamPrologue
{
    private const uint Version = 1;

    private readonly byte[] _bytes;

    private StreamPrologue(StreamHeader header, byte[] bytes)
    {
        Header = header;
        _bytes = bytes;
    }

    /// <summary>The header.</summary>
    public StreamHeader Header { get; }

    /// <summary>The prologue as it stands in the stream.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The length in bytes, which is the offset of frame 0.</summary>
    public int Length => _bytes.Length;

    /// <summary>The encoded header.</summary>
    internal ReadOnlySpan<byte> EncodedHeader => _bytes.AsSpan(StreamLimits.PreambleSize..^StreamLimits.CommitmentSize);

    /// <summary>The 32 bytes that commit to key and header.</summary>
    internal ReadOnlySpan<byte> Commitment => _bytes.AsSpan(^StreamLimits.CommitmentSize..);

    private static ReadOnlySpan<byte> Magic => "itx-seal"u8;

    /// <summary>Lays out the prologue of a new stream.</summary>
    internal static StreamPrologue Create(StreamHeader header, ReadOnlySpan<byte> encodedHeader, ReadOnlySpan<byte> commitment)
    {
        if (encodedHeader.Length > StreamLimits.MaxHeaderSize)
        {
            throw new ArgumentException($"The header has {encodedHeader.Length} bytes, more than {StreamLimits.MaxHeaderSize}.", nameof(header));
        }

        byte[] bytes = new byte[StreamLimits.PreambleSize + encodedHeader.Length + StreamLimits.CommitmentSize];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), encodedHeader.Length);
        encodedHeader.CopyTo(bytes.AsSpan(StreamLimits.PreambleSize));
        commitment.CopyTo(bytes.AsSpan(^StreamLimits.CommitmentSize..));
        return new StreamPrologue(header, bytes);
    }

    /// <summary>Parses a prologue that stands alone.</summary>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.Foreign"/>, <see cref="StreamErrors.UnsupportedVersion"/>,
    /// <see cref="StreamErrors.HeaderNotCanonical"/>, <see cref="StreamErrors.HeaderInvalid"/>, <see cref="StreamErrors.Truncated"/> or <see cref="StreamErrors.TrailingBytes"/>.</exception>
    public static StreamPrologue Parse(ReadOnlySpan<byte> bytes)
    {
        int length = LengthFrom(bytes);
        if (bytes.Length < length)
        {
            throw TruncatedPrologue();
        }

        return bytes.Length == length
            ? FromWhole(bytes.ToArray())
            : throw new OrchestratorException(StreamErrors.TrailingBytes, $"{bytes.Length - length} bytes follow the prologue.");
    }

    /// <summary>Reads a prologue from the start of a stream, and not a byte further.</summary>
    /// <exception cref="OrchestratorException">As <see cref="Parse"/>, but for trailing bytes.</exception>
    public static StreamPrologue Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Span<byte> preamble = stackalloc byte[StreamLimits.PreambleSize];
        int length = LengthFrom(preamble[..stream.ReadAtLeast(preamble, preamble.Length, throwOnEndOfStream: false)]);
        byte[] bytes = new byte[length];
        preamble.CopyTo(bytes);
        Span<byte> rest = bytes.AsSpan(preamble.Length);
        return stream.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false) == rest.Length ? FromWhole(bytes) : throw TruncatedPrologue();
    }

    /// <summary>The prologue's length, from its first 16 bytes.</summary>
    internal static int LengthFrom(ReadOnlySpan<byte> start)
    {
        if (!start[..Math.Min(start.Length, Magic.Length)].SequenceEqual(Magic[..Math.Min(start.Length, Magic.Length)]) || start.IsEmpty)
        {
            throw new OrchestratorException(StreamErrors.Foreign, "The file does not begin as a sealed stream does.");
        }

        if (start.Length < StreamLimits.PreambleSize)
        {
            throw TruncatedPrologue();
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(start[8..]);
        if (version != Version)
        {
            throw new OrchestratorException(StreamErrors.UnsupportedVersion, $"The stream has version {version}; this program reads version {Version}.");
        }

        uint headerLength = BinaryPrimitives.ReadUInt32BigEndian(start[12..]);
        return headerLength <= StreamLimits.MaxHeaderSize
            ? StreamLimits.PreambleSize + (int)headerLength + StreamLimits.CommitmentSize
            : throw new OrchestratorException(StreamErrors.HeaderInvalid, $"The header has {headerLength} bytes, more than {StreamLimits.MaxHeaderSize}.");
    }

    /// <summary>Takes over bytes of exactly the length that <see cref="LengthFrom"/> gave.</summary>
    internal static StreamPrologue FromWhole(byte[] bytes) =>
        new(StreamHeader.Decode(bytes.AsMemory(StreamLimits.PreambleSize..^StreamLimits.CommitmentSize)), bytes);

    private static OrchestratorException TruncatedPrologue() => new(StreamErrors.Truncated, "The stream ends within its prologue.");
}
