using System.Buffers.Binary;
using Orchestrator.Errors;

namespace Orchestrator.Data.TileProtocol;

/// <summary>
/// One end of the conversation: messages in and out over a pair of byte streams, each with its length (u32 LE) in front. Sending is safe
/// from several threads; receiving is for one at a time.
/// </summary>
/// <param name="input">Where the other end's messages come from.</param>
/// <param name="output">Where messages to the other end go.</param>
public sealed class TileChannel(Stream input, Stream output) : IDisposable
{
    private const int LengthSize = sizeof(uint);

    private readonly SemaphoreSlim _sending = new(1);

    /// <summary>Sends one message; it has left this process when the call returns.</summary>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.ChannelClosed"/>.</exception>
    public async ValueTask SendAsync(TileMessage message, CancellationToken cancellation = default)
    {
        var (head, bulk) = TileMessageCodec.Encode(message);
        var length = head.Length + bulk.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, TileLimits.MaxMessageSize, nameof(message));
        var start = new byte[LengthSize + head.Length];
        BinaryPrimitives.WriteInt32LittleEndian(start, length);
        head.CopyTo(start, LengthSize);
        await _sending.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // Not cancellable from here on: half a message would garble all that follow.
            await output.WriteAsync(start, CancellationToken.None).ConfigureAwait(false);
            await output.WriteAsync(bulk, CancellationToken.None).ConfigureAwait(false);
            await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw Closed(e);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Waits for the next message.</summary>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.ChannelClosed"/> when the other end is gone, at whatever point;
    /// <see cref="TileErrors.MessageTooLarge"/>, <see cref="TileErrors.MessageMalformed"/> or a <c>cbor-*</c>, <c>plan-*</c>,
    /// <c>data-schema</c> code for what it sent.</exception>
    public async ValueTask<TileMessage> ReceiveAsync(CancellationToken cancellation = default)
    {
        try
        {
            var prefix = new byte[LengthSize];
            await input.ReadExactlyAsync(prefix, cancellation).ConfigureAwait(false);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
            if (length > TileLimits.MaxMessageSize)
            {
                throw new OrchestratorException(
                    TileErrors.MessageTooLarge, $"A message of {length} bytes was announced; at most {TileLimits.MaxMessageSize} are allowed.");
            }

            var encoding = GC.AllocateUninitializedArray<byte>((int)length);
            await input.ReadExactlyAsync(encoding, cancellation).ConfigureAwait(false);
            return TileMessageCodec.Decode(encoding);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw Closed(e);
        }
    }

    /// <summary>Sends all of <paramref name="content"/> in pieces.</summary>
    /// <param name="content">The bytes; at least one piece is sent, which may be empty.</param>
    /// <param name="piece">Makes a message of a piece; its second argument says whether it is the last.</param>
    /// <param name="cancellation">Gives up between pieces.</param>
    public async Task SendInPiecesAsync(
        ReadOnlyMemory<byte> content, Func<ReadOnlyMemory<byte>, bool, TileMessage> piece, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(piece);
        do
        {
            var size = Math.Min(content.Length, TileLimits.ChunkSize);
            await SendAsync(piece(content[..size], size == content.Length), cancellation).ConfigureAwait(false);
            content = content[size..];
        }
        while (!content.IsEmpty);
    }

    /// <summary>Closes both streams.</summary>
    public void Dispose()
    {
        input.Dispose();
        output.Dispose();
        _sending.Dispose();
    }

    private static OrchestratorException Closed(Exception cause) =>
        new(TileErrors.ChannelClosed, "The other end of the tile channel is gone.", inner: cause);
}
