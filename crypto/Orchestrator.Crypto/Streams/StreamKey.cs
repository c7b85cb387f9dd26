using System.Security.Cryptography;

namespace Orchestrator.Crypto.Streams;

/// <summary>The secret that one stream is sealed under: 32 uniformly random bytes, used for one stream and nothing else.</summary>
/// <remarks>Zeroed when disposed. Not thread-safe against its own disposal.</remarks>
public sealed class StreamKey : IDisposable
{
    /// <summary>The size in bytes.</summary>
    public const int Size = 32;

    // Pinned, so that the collector leaves no copy behind.
    private readonly byte[] _bytes = GC.AllocateArray<byte>(Size, pinned: true);
    private bool _disposed;

    private StreamKey()
    {
    }

    /// <summary>The 32 bytes, for key derivation.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    internal ReadOnlySpan<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    /// <summary>Makes a fresh key.</summary>
    public static StreamKey Generate()
    {
        var key = new StreamKey();
        RandomNumberGenerator.Fill(key._bytes);
        return key;
    }

    /// <summary>Takes over key bytes that were exported or derived; the caller zeroes its copy.</summary>
    /// <param name="bytes">32 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public static StreamKey Import(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A stream key has {Size} bytes.", nameof(bytes));
        }

        var key = new StreamKey();
        bytes.CopyTo(key._bytes);
        return key;
    }

    /// <summary>Writes the secret bytes, to wrap them for another holder; the caller zeroes them afterwards.</summary>
    /// <param name="destination">32 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public void Export(Span<byte> destination)
    {
        if (destination.Length != Size)
        {
            throw new ArgumentException($"A stream key has {Size} bytes.", nameof(destination));
        }

        Bytes.CopyTo(destination);
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        _disposed = true;
    }
}
