using System.Collections.Immutable;
using Google.Protobuf;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Dma;
using Orchestrator.Device.Identity;
using Orchestrator.Device.Sessions;
using Orchestrator.Device.Sxp;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>One job from committed keys to receipt. Whatever goes wrong, when it returns nothing of it is left running and no plaintext is left.</summary>
/// <param name="session">Job and keys.</param>
/// <param name="device">Signs the receipt.</param>
/// <param name="launcher">Starts the tiles.</param>
/// <param name="host">Data in, outputs out.</param>
/// <param name="time">Tells where the time goes.</param>
public sealed class JobRun(Session session, BootIdentity device, ITileLauncher launcher, HostLink host, TimeProvider time)
{
    private readonly ManifestContent _manifest = session.Job.Prepared.Content;
    private readonly WithdrawalBox _withdrawals = new(session.Job.Manifest);
    private readonly OverheadClock _clock = new(time);

    /// <summary>Bytes of plaintext in the largest frame that the job may read; checkpoints have the default size.</summary>
    public int LargestFrame => Math.Max(StreamLimits.DefaultFrameSize, _manifest.Streams.Max(stream => stream.FrameSize));

    /// <summary>Runs the job.</summary>
    /// <returns>The signed receipt, and how long the training took.</returns>
    /// <exception cref="OrchestratorException">Whatever ended the run: a security exception, the host, the tiles.</exception>
    public async Task<Finished> RunAsync(CancellationToken cancellation)
    {
        host.Withdrawn = _withdrawals.Take;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<Finished> work = WorkAsync(end.Token);
        Task first = await Task.WhenAny(host.Failure, work).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Of two failures the first is the cause of the other.
        await first.ConfigureAwait(false);
        return await work.ConfigureAwait(false);
    }

    private async Task<Finished> WorkAsync(CancellationToken cancellation)
    {
        using var sxp = new EncryptionUnit(Math.Min(device.Board.KeySlots, _manifest.Streams.Length), device.Board.Contexts, session.KeyOf);
        var streams = new List<InputStream>();
        try
        {
            using (_clock.Measure(OverheadTerm.Transfer))
            {
                foreach (ManifestStream description in _manifest.Streams)
                {
                    streams.Add(await InputStream.OpenAsync(description, host, cancellation).ConfigureAwait(false));
                }
            }

            return await TrainAsync(streams, new IngressTile(sxp, host, _clock), cancellation).ConfigureAwait(false);
        }
        finally
        {
            streams.ForEach(stream => stream.Dispose());
        }
    }

    private async Task<Finished> TrainAsync(IReadOnlyList<InputStream> streams, IngressTile ingress, CancellationToken cancellation)
    {
        InputStream program = streams.Single(stream => stream.Description.Role is null);
        InputStream[] data = [.. streams.Where(stream => stream.Description.Role is not null)];
        await ReadEmptyEndsAsync(streams, ingress, cancellation).ConfigureAwait(false);
        await using TileLink tiles = await launcher.LaunchAsync(LargestFrame, cancellation).ConfigureAwait(false);
        try
        {
            return await TrainAsync(tiles, streams, program, data, ingress, cancellation).ConfigureAwait(false);
        }
        catch (OrchestratorException e) when (e.Code == TileErrors.ChannelClosed)
        {
            ErrorCode code = await tiles.HasCrashedAsync().ConfigureAwait(false) ? DeviceErrors.TilesCrashed : DeviceErrors.TilesLost;
            throw new OrchestratorException(code, code.Meaning, inner: e);
        }
    }

    private async Task<Finished> TrainAsync(
        TileLink tiles, IReadOnlyList<InputStream> streams, InputStream program, InputStream[] data, IngressTile ingress, CancellationToken cancellation)
    {
        var configuration = new TileMessage.Configure(_manifest.Plan, [.. data.Select(Describe)], program.Description.Records)
        {
            MemoryBytes = MemoryPlan.Of(_manifest).Total,
            CheckpointEveryEpochs = _manifest.CheckpointEveryEpochs,
            FirstEpoch = session.Job.Resume?.Header.Epoch ?? 0,
        };
        using var outputs = new OutputSet(session, host);
        var metrics = new MetricsGate(_manifest.Metrics);
        using CancellationTokenRegistration abort = cancellation.Register(tiles.Abort);
        tiles.Silence();
        await tiles.Channel.SendAsync(configuration, cancellation).ConfigureAwait(false);
        await new ProgramLoader(ingress, tiles.Channel, _clock).LoadAsync(program, _manifest.ProgramDigest, cancellation).ConfigureAwait(false);

        RunHistory earlier = await RestoreAsync(tiles.Channel, metrics, cancellation).ConfigureAwait(false);
        var account = new RunAccount(session, earlier, streams, configuration.Schedule());
        using var checkpoints = new CheckpointWriter(session, device, host, epoch => account.After(epoch, metrics.Kept));

        await using var frames = new FrameFeeder(configuration.Schedule(), data, ingress, cancellation);
        var conversation = new TileConversation(tiles.Channel, frames, outputs, metrics, checkpoints, _withdrawals, _clock, epoch => ReportAsync(epoch, streams, cancellation));
        TileMessage.Done done = await conversation.TrainAsync(cancellation).ConfigureAwait(false);
        using (_clock.Measure(OverheadTerm.Egress))
        {
            await outputs.WriteMetricsAsync(metrics.Lines(), cancellation).ConfigureAwait(false);
        }

        return new Finished
        {
            Receipt = ByteString.CopyFrom(Sign(account, done.Epochs, outputs)),
            TrainingMicroseconds = (ulong)done.TrainingMicroseconds,
            WaitingMicroseconds = (ulong)done.WaitingMicroseconds,
            TransferMicroseconds = _clock.Microseconds(OverheadTerm.Transfer),
            DecryptMicroseconds = _clock.Microseconds(OverheadTerm.Decrypt),
            IngestMicroseconds = _clock.Microseconds(OverheadTerm.Ingest),
            EgressMicroseconds = _clock.Microseconds(OverheadTerm.Egress),
        };
    }

    // The last frame of a stream may be empty; nothing else needs it, but without it nothing shows that the stream ends there.
    private static async Task ReadEmptyEndsAsync(IEnumerable<InputStream> streams, IngressTile ingress, CancellationToken cancellation)
    {
        foreach (InputStream stream in streams.Where(stream => stream.PlaintextLengthOf(stream.Description.Frames - 1) == 0))
        {
            using SealedFrame end = await ingress.ArrivalAsync(ingress.FetchAsync(stream, stream.Description.Frames - 1, cancellation)).ConfigureAwait(false);
            end.Open([]);
        }
    }

    private static TileStream Describe(InputStream stream) => new(
        $"{stream.Description.Id}", (StreamRole)stream.Description.Role!, stream.Description.Schema!, stream.Description.FrameSize, stream.Description.Records);

    private Task ReportAsync(int epoch, IReadOnlyList<InputStream> streams, CancellationToken cancellation)
    {
        var progress = new RunProgress
        {
            Epoch = (uint)epoch,
            Epochs = (uint)_manifest.Plan.Epochs,
            FramesRead = (ulong)streams.Sum(stream => stream.Checks.Reads),
            BytesRead = (ulong)streams.Sum(stream => stream.Checks.BytesRead),
        };
        return host.SendAsync(new DeviceTransfer { Progress = progress }, cancellation);
    }

    private async Task<RunHistory> RestoreAsync(TileChannel tiles, MetricsGate metrics, CancellationToken cancellation)
    {
        if (session.Job.Resume is not { } resume)
        {
            return RunHistory.None;
        }

        RunHistory earlier = await new CheckpointReader(resume, session.CheckpointKeyOf, host).RestoreAsync(tiles, cancellation).ConfigureAwait(false);
        foreach (TileMessage.Progress epoch in earlier.Metrics)
        {
            metrics.Add(epoch);
        }

        return earlier;
    }

    private byte[] Sign(RunAccount account, int epochs, OutputSet outputs) => new Receipt
    {
        Manifest = session.Job.Manifest,
        Preparations = session.Job.Prepared.Preparations,
        Approvals = [.. session.Job.Approvals],
        Quote = session.EvidenceDigest,
        Streams = account.Consumed(),
        Epochs = epochs,
        Sessions = account.Sessions(epochs),
        Withdrawals = _withdrawals.All,
        Outputs = outputs.Deliver(),
    }.Sign(device.Alias, session.Evidence);
}
