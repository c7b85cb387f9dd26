using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Objects;

namespace Orchestrator.Host.Sessions;

/// <summary>Takes the checkpoints that a device writes during one session. One that is not whole is a file that nobody can name; disposing removes it.</summary>
/// <param name="store">Where they go.</param>
/// <param name="maximumBytes">Of one object.</param>
/// <param name="stored">Told of each that is whole and in its place, with its size and the device's statement.</param>
internal sealed class CheckpointIntake(ObjectStore store, long maximumBytes, Action<StoredCheckpoint, long, byte[]> stored) : IDisposable
{
    private ObjectWriter? _writer;

    /// <exception cref="OrchestratorException"><see cref="HostErrors.DeviceProtocol"/>, a code of <see cref="Crypto.Streams.StreamErrors"/> or of <see cref="Crypto.IO.StorageErrors"/>.</exception>
    public void Write(WriteCheckpoint piece)
    {
        _writer ??= store.BeginOutput($"checkpoint {piece.Counter}");
        if (piece.Offset != (ulong)_writer.Received || piece.Data.Length > maximumBytes - _writer.Received || piece.Counter > int.MaxValue || piece.Epoch > int.MaxValue)
        {
            throw new OrchestratorException(HostErrors.DeviceProtocol, "The device leaves a gap in a checkpoint, or writes more than an object may have.");
        }

        _writer.Append(piece.Data.Span);
        if (piece.Statement.IsEmpty)
        {
            return;
        }

        Digest digest = _writer.Finish();
        store.Place(_writer, digest);
        long size = _writer.Received;
        _writer = null;
        stored(new StoredCheckpoint((int)piece.Counter, (int)piece.Epoch, digest), size, piece.Statement.ToByteArray());
    }

    public void Dispose() => _writer?.Discard();
}
