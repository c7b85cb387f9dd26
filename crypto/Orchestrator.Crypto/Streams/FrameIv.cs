using System.Buffers.Binary;

namespace Orchestrator.Crypto.Streams;

/// <summary>The position of a frame, which is its AES-GCM nonce: kind (1 byte), run (3), frame index (8), big-endian.</summary>
/// <param name="Kind">The stream's kind; read from a hostile frame it may be no defined value.</param>
/// <param name="Run">The stream's run, 0 to <see cref="StreamLimits.MaxRun"/>.</param>
/// <param name="Index">The frame's index from 0; read from a hostile frame it may be any value, also negative.</param>
public readonly record struct FrameIv(StreamKind Kind, int Run, long Index)
{
    /// <summary>The size in bytes.</summary>
    public const int Size = 12;

    /// <summary>Writes the 12 bytes.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter.</exception>
    public void WriteTo(Span<byte> destination)
    {
        if (destination.Length < Size)
        {
            throw new ArgumentException($"An IV has {Size} bytes.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination, ((uint)Kind << 24) | (uint)Run);
        BinaryPrimitives.WriteInt64BigEndian(destination[4..], Index);
    }

    /// <summary>Reads 12 bytes, whatever they are: comparing with the expected position is the caller's part.</summary>
    /// <exception cref="ArgumentException"><paramref name="source"/> is shorter.</exception>
    public static FrameIv Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < Size)
        {
            throw new ArgumentException($"An IV has {Size} bytes.", nameof(source));
        }

        uint first = BinaryPrimitives.ReadUInt32BigEndian(source);
        return new FrameIv((StreamKind)(first >> 24), (int)(first & StreamLimits.MaxRun), BinaryPrimitives.ReadInt64BigEndian(source[4..]));
    }

    /// <summary>For messages, such as <c>Data/run 0/frame 3</c>.</summary>
    public override string ToString() => $"{Kind}/run {Run}/frame {Index}";
}
