using System.Buffers;

namespace Orchestrator.Device.Tiles;

/// <summary>A frame's plaintext on its way to the tiles; zeroed when disposed of.</summary>
public sealed class Plaintext : IDisposable
{
    private byte[]? _buffer;

    /// <param name="capacity">Room, in bytes.</param>
    public Plaintext(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>Bytes in use.</summary>
    public int Length { get; set; }

    /// <summary>The whole room.</summary>
    public Span<byte> Room => _buffer;

    /// <summary>The bytes in use.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not null)
        {
            MemoryScrub.Scrub(_buffer);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }
}
