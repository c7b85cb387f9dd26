using System.Collections.Immutable;
using Google.Protobuf;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Dma;
using Orchestrator.Device.Sessions;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>The outputs of a run: each sealed under a key of its own, which goes to the receivers and only once all is done.</summary>
internal sealed class OutputSet : IDisposable
{
    private const string Owner = "device";

    private readonly Manifest _manifest;
    private readonly ImmutableArray<(ManifestOutput Output, EgressTile Egress)> _outputs;
    private bool _modelIsWhole;

    public OutputSet(Session session, HostLink host)
    {
        _manifest = session.Job.Manifest;
        _outputs =
        [
            .. _manifest.Content.Outputs.Select(output => (output, Begin(output, session.Id, host))),
        ];
    }

    public async Task WriteModelAsync(ReadOnlyMemory<byte> piece, bool last, CancellationToken cancellation)
    {
        if (_modelIsWhole)
        {
            throw new OrchestratorException(TileErrors.MessageUnexpected, "The tiles sent two models.");
        }

        foreach (EgressTile egress in Of(OutputKind.Model))
        {
            await egress.WriteAsync(piece, cancellation).ConfigureAwait(false);
            await (last ? egress.FinishAsync(cancellation) : Task.CompletedTask).ConfigureAwait(false);
        }

        _modelIsWhole = last;
    }

    public async Task WriteMetricsAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellation)
    {
        foreach (EgressTile egress in Of(OutputKind.Metrics))
        {
            await egress.WriteAsync(lines, cancellation).ConfigureAwait(false);
            await egress.FinishAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Digests and keys for the receipt.</summary>
    public ImmutableArray<ReceiptOutput> Deliver()
    {
        if (!_modelIsWhole)
        {
            throw new OrchestratorException(TileErrors.MessageUnexpected, "The tiles were done before their model was whole.");
        }

        return [.. _outputs.Select(output => new ReceiptOutput(
            output.Output.Name,
            output.Output.Kind,
            output.Egress.Digest,
            output.Egress.Content,
            SealKey(output.Output, output.Egress.Key)))];
    }

    public void Dispose()
    {
        foreach ((_, EgressTile egress) in _outputs)
        {
            egress.Dispose();
        }
    }

    private EgressTile Begin(ManifestOutput output, ReadOnlyMemory<byte> session, HostLink host)
    {
        byte[] origin = CborMap.Of(("manifest", _manifest.Digest), ("output", output.Name), ("session", session)).Encode();
        return new EgressTile(
            StreamKey.Generate(),
            StreamHeader.Create(output.StreamKind, Owner) with { Schema = origin, Run = ManifestOutput.Run },
            (part, cancellation) => host.SendAsync(new DeviceTransfer { WriteOutput = Describe(output.Name, part) }, cancellation));
    }

    private static WriteOutput Describe(string output, SealedPart part) =>
        new() { Output = output, Offset = (ulong)part.Offset, Data = ByteString.CopyFrom(part.Bytes.Span), Last = part.IsLast };

    private IEnumerable<EgressTile> Of(OutputKind kind) => _outputs.Where(output => output.Output.Kind == kind).Select(output => output.Egress);

    private ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> SealKey(ManifestOutput output, StreamKey key) => output.Receivers.ToImmutableSortedDictionary(
        receiver => receiver,
        receiver => (ReadOnlyMemory<byte>)OutputKey.Seal(key, _manifest.FindParty(receiver)!.SealingKey, _manifest.Digest, output.Name, receiver),
        StringComparer.Ordinal);
}
