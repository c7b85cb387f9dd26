using System.Buffers.Binary;
using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Data.TileProtocol;

/// <summary>
/// One end of the conversation: messages in and out over a pair of byte streams, each with its length (u32 LE) in front. Between a
/// device's controller and its tiles, messages with bulk bytes stand in shared memory, and the streams carry their lengths only. Sending is
/// safe from several threads; receiving is for one at a time.
/// </summary>
/// <param name="input">Where the other end's messages come from.</param>
/// <param name="output">Where messages to the other end go.</param>
/// <param name="bulkInput">Where the other end writes bulk; <see langword="null"/> for streams alone.</param>
/// <param name="bulkOutput">Where this end writes bulk; <see langword="null"/> for streams alone.</param>
public sealed class TileChannel(Stream input, Stream output, TileRing? bulkInput = null, TileRing? bulkOutput = null) : IDisposable
{
    private const int LengthSize = sizeof(uint);

    /// <summary>In a length: the message stands in the shared memory.</summary>
    private const uint InMemory = 1u << 31;

    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _closed = new();

    /// <summary>Sends one message; it has left this process when the call returns.</summary>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.ChannelClosed"/>.</exception>
    public ValueTask SendAsync(TileMessage message, CancellationToken cancellation = default)
    {
        var (head, bulk) = TileMessageCodec.Encode(message);
        return SendAsync(head, bulk.Length, bulk.CopyTo, cancellation);
    }

    /// <summary>Sends a message whose bulk bytes <paramref name="write"/> puts where the other end will read them. If it throws, nothing is sent.</summary>
    /// <param name="message">The message, without bulk.</param>
    /// <param name="length">Bytes of bulk.</param>
    /// <param name="write">Writes them.</param>
    /// <param name="cancellation">Gives up before that.</param>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.ChannelClosed"/>.</exception>
    public ValueTask SendAsync(TileMessage message, int length, Action<Memory<byte>> write, CancellationToken cancellation = default) =>
        SendAsync(TileMessageCodec.Encode(message).Head, length, write, cancellation);

    /// <summary>Waits for the next message. Bulk bytes in it are there until the next call.</summary>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.ChannelClosed"/> when the other end is gone, at whatever point;
    /// <see cref="TileErrors.MessageTooLarge"/>, <see cref="TileErrors.MessageMalformed"/> or a <c>cbor-*</c>, <c>plan-*</c>,
    /// <c>data-schema</c> code for what it sent.</exception>
    public async ValueTask<TileMessage> ReceiveAsync(CancellationToken cancellation = default)
    {
        try
        {
            bulkInput?.Release();
            var prefix = new byte[LengthSize];
            await input.ReadExactlyAsync(prefix, cancellation).ConfigureAwait(false);
            var announced = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
            var inMemory = bulkInput is not null && (announced & InMemory) != 0;
            var length = inMemory ? announced & ~InMemory : announced;
            if (length > TileLimits.MaxMessageSize)
            {
                throw new OrchestratorException(
                    TileErrors.MessageTooLarge, $"A message of {length} bytes was announced; at most {TileLimits.MaxMessageSize} are allowed.");
            }

            if (inMemory)
            {
                return TileMessageCodec.Decode(bulkInput!.Take((int)length));
            }

            var encoding = GC.AllocateUninitializedArray<byte>((int)length);
            await input.ReadExactlyAsync(encoding, cancellation).ConfigureAwait(false);
            return TileMessageCodec.Decode(encoding);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Close();
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

    /// <summary>Ends a wait for room: the other end is known to be gone. From any thread.</summary>
    public void Close() => _closed.Cancel();

    /// <summary>Closes both streams.</summary>
    public void Dispose()
    {
        Close();
        input.Dispose();
        output.Dispose();
        _sending.Dispose();
    }

    private async ValueTask SendAsync(byte[] head, int bulk, Action<Memory<byte>> write, CancellationToken cancellation)
    {
        var length = head.Length + bulk;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, TileLimits.MaxMessageSize, nameof(bulk));
        await _sending.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // Not cancellable from here on: half a message would garble all that follow.
            if (bulk > 0 && bulkOutput is not null)
            {
                await SendInMemoryAsync(bulkOutput, head, length, write).ConfigureAwait(false);
            }
            else
            {
                await SendInStreamAsync(head, length, write).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException || (e is OperationCanceledException && _closed.IsCancellationRequested))
        {
            throw Closed(e);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async ValueTask SendInMemoryAsync(TileRing ring, byte[] head, int length, Action<Memory<byte>> write)
    {
        var room = ring.Reserve(length, _closed.Token);
        try
        {
            head.CopyTo(room);
            write(room[head.Length..]);
        }
        catch
        {
            ring.Withdraw();
            throw;
        }

        ring.Publish();
        var prefix = new byte[LengthSize];
        BinaryPrimitives.WriteUInt32LittleEndian(prefix, InMemory | (uint)length);
        await output.WriteAsync(prefix, CancellationToken.None).ConfigureAwait(false);
        await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private async ValueTask SendInStreamAsync(byte[] head, int length, Action<Memory<byte>> write)
    {
        var message = GC.AllocateUninitializedArray<byte>(LengthSize + length, pinned: true);
        try
        {
            BinaryPrimitives.WriteInt32LittleEndian(message, length);
            head.CopyTo(message, LengthSize);
            write(message.AsMemory(LengthSize + head.Length));
            await output.WriteAsync(message, CancellationToken.None).ConfigureAwait(false);
            await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(message);
        }
    }

    private static OrchestratorException Closed(Exception cause) =>
        new(TileErrors.ChannelClosed, "The other end of the tile channel is gone.", inner: cause);
}
