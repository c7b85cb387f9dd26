using System.Buffers.Binary;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Channel;

/// <summary>Messages over a byte stream: four bytes of length, big endian, then one item of deterministic CBOR.</summary>
internal sealed class FrameStream(Stream stream) : IDisposable
{
    /// <summary>Bytes of a message at most: a policy of the largest size, and what stands around it.</summary>
    public const int MaxBytes = 9 << 20;

    private static readonly CborLimits s_limits = new() { MaxBytes = MaxBytes };

    private readonly SemaphoreSlim _writing = new(1);

    /// <summary>The next message; null: the other side has hung up between two messages.</summary>
    /// <exception cref="OrchestratorException"><see cref="ChannelErrors.Malformed"/>.</exception>
    /// <exception cref="IOException">The stream failed.</exception>
    public async Task<CborValue?> ReadAsync(CancellationToken cancel)
    {
        byte[] head = new byte[sizeof(uint)];
        int read = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        if (read == 0)
        {
            return null;
        }

        uint length = read == head.Length ? BinaryPrimitives.ReadUInt32BigEndian(head) : throw new EndOfStreamException();
        if (length is 0 or > MaxBytes)
        {
            throw new OrchestratorException(ChannelErrors.Malformed, $"A message of {length} bytes was announced; 1 to {MaxBytes} are taken.");
        }

        byte[] message = new byte[length];
        await stream.ReadExactlyAsync(message, cancel).ConfigureAwait(false);
        try
        {
            return CborValue.Decode(message, s_limits);
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(ChannelErrors.Malformed, $"A message cannot be read: {e.Message}", inner: e);
        }
    }

    /// <summary>Sends a message whole.</summary>
    /// <exception cref="OrchestratorException"><see cref="ChannelErrors.Malformed"/>: it is too large.</exception>
    /// <exception cref="IOException">The stream failed.</exception>
    public async Task WriteAsync(CborValue message, CancellationToken cancel)
    {
        byte[] encoding = message.Encode();
        if (encoding.Length > MaxBytes)
        {
            throw new OrchestratorException(ChannelErrors.Malformed, $"A message has {encoding.Length} bytes; at most {MaxBytes} are sent.");
        }

        byte[] frame = new byte[sizeof(uint) + encoding.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)encoding.Length);
        encoding.CopyTo(frame.AsSpan(sizeof(uint)));
        await _writing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await stream.WriteAsync(frame, cancel).ConfigureAwait(false);
            await stream.FlushAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => stream.Dispose();
}
