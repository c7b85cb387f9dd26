using System.Buffers.Binary;
using Google.Protobuf;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Dma;
using Orchestrator.Device.Identity;
using Orchestrator.Device.Sessions;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>Seals the states that the tiles hand out, each under a key of its own of this session, and states that it did.</summary>
/// <param name="session">Job and keys.</param>
/// <param name="device">Signs the statements.</param>
/// <param name="host">Stores the checkpoints.</param>
/// <param name="history">The controller's part after an epoch.</param>
internal sealed class CheckpointWriter(Session session, BootIdentity device, HostLink host, Func<int, RunHistory> history) : IDisposable
{
    private EgressTile? _egress;
    private CheckpointHeader? _header;

    /// <summary>Whether a checkpoint is begun and not ended.</summary>
    public bool IsOpen => _egress is not null;

    /// <summary>Takes the next piece of the state after an epoch.</summary>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.MessageUnexpected"/>: the job writes no checkpoint there.</exception>
    public async Task WriteAsync(int epoch, TileMessage.Checkpoint piece, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(piece);
        if (_egress is null)
        {
            await BeginAsync(epoch, cancellation).ConfigureAwait(false);
        }

        await _egress!.WriteAsync(piece.Chunk, cancellation).ConfigureAwait(false);
        if (piece.Last)
        {
            await _egress.FinishAsync(cancellation).ConfigureAwait(false);
            Dispose();
        }
    }

    /// <summary>Erases the key of a checkpoint that was not ended.</summary>
    public void Dispose()
    {
        _egress?.Dispose();
        _egress = null;
    }

    private Task BeginAsync(int epoch, CancellationToken cancellation)
    {
        int every = session.Job.Manifest.Content.CheckpointEveryEpochs;
        if (every == 0 || epoch == 0 || epoch % every != 0 || epoch >= session.Job.Manifest.Content.Plan.Epochs || epoch <= (_header ?? session.Job.Resume?.Header)?.Epoch)
        {
            throw new OrchestratorException(TileErrors.MessageUnexpected, $"The tiles sent a checkpoint after epoch {epoch}, where the job has none.");
        }

        _header = new CheckpointHeader(session.Job.Manifest.Digest, session.Id, epoch / every, epoch);
        _egress = new EgressTile(session.CheckpointKeyOf(_header), _header.ToStreamHeader(), SendAsync);
        byte[] encoding = history(epoch).Encode();
        byte[] part = new byte[sizeof(uint) + encoding.Length];
        BinaryPrimitives.WriteInt32BigEndian(part, encoding.Length);
        encoding.CopyTo(part, sizeof(uint));
        return _egress.WriteAsync(part, cancellation);
    }

    private Task SendAsync(SealedPart part, CancellationToken cancellation)
    {
        var message = new WriteCheckpoint
        {
            Counter = (uint)_header!.Counter,
            Epoch = (uint)_header.Epoch,
            Offset = (ulong)part.Offset,
            Data = ByteString.CopyFrom(part.Bytes.Span),
            Statement = part.IsLast ? Sign() : ByteString.Empty,
        };
        return host.SendAsync(new DeviceTransfer { WriteCheckpoint = message }, cancellation);
    }

    private ByteString Sign()
    {
        var claim = new CheckpointClaim(_egress!.Digest, _header!.Epoch, _header.Counter);
        return ByteString.CopyFrom(new CheckpointStatement(session.EvidenceDigest, session.Job.Manifest.Digest, claim).Sign(device.Alias));
    }
}
