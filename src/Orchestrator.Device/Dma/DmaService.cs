using Grpc.Core;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Runs;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;
using DmaProtocol = Orchestrator.Contracts.Protocol.Device.Dma;
using Mailbox = Orchestrator.Device.Control.Mailbox;

namespace Orchestrator.Device.Dma;

/// <summary>The transfer of a run as a gRPC service. The state has changed, and keys are scrubbed, before the host hears of the end.</summary>
public sealed partial class DmaService(Mailbox mailbox, ITileLauncher launcher, DmaDoor door, TimeProvider time, ILogger<DmaService> log) : DmaProtocol.DmaBase
{
    /// <summary>How long a host that has been told the end may take to hang up.</summary>
    private static readonly TimeSpan HangUpTime = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task Run(IAsyncStreamReader<HostTransfer> requestStream, IServerStreamWriter<DeviceTransfer> responseStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false) || requestStream.Current.TransferCase != HostTransfer.TransferOneofCase.Start)
        {
            throw new OrchestratorException(DeviceErrors.TransferUnexpected, "A transfer begins with StartRun.");
        }

        ReadOnlyMemory<byte> ticket = requestStream.Current.Start.Ticket.Memory;
        var host = new HostLink(requestStream, responseStream);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        Task listening = host.ListenAsync(over.Token);
        try
        {
            DeviceTransfer end = await RunAsync(host, ticket, context.CancellationToken).ConfigureAwait(false);
            await responseStream.WriteAsync(end, context.CancellationToken).ConfigureAwait(false);
            await Task.WhenAny(listening, Task.Delay(HangUpTime, time, context.CancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            // The server gives the stream to the next call; a read that is still under way would fail that one.
            await over.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<DeviceTransfer> RunAsync(HostLink host, ReadOnlyMemory<byte> ticket, CancellationToken hostAway)
    {
        try
        {
            Finished? finished = null;
            await mailbox.RunAsync(
                async (session, device, cancellation) => finished = await EndingClearly(RunAsync(new JobRun(session, device, launcher, host, time), host, ticket, cancellation), hostAway).ConfigureAwait(false),
                hostAway).ConfigureAwait(false);
            LogFinished();
            return new DeviceTransfer { Finished = finished };
        }
        catch (OrchestratorException e) when (e.Code != DeviceErrors.CommandIllegal)
        {
            LogException(e.Code.Id, e.Message);
            return new DeviceTransfer { Exception = RpcErrors.ToDetail(e) };
        }
    }

    private async Task<Finished> RunAsync(JobRun run, HostLink host, ReadOnlyMemory<byte> ticket, CancellationToken cancellation)
    {
        if (ticket.IsEmpty)
        {
            return await run.RunAsync(cancellation).ConfigureAwait(false);
        }

        using RegionReader region = await door.OpenAsync(ticket, run.LargestFrame + StreamLimits.FrameOverhead, cancellation).ConfigureAwait(false);
        Task listening = host.UseAsync(region);
        try
        {
            return await run.RunAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            region.HangUp();
            await listening.ConfigureAwait(false);
        }
    }

    private static async Task<Finished> EndingClearly(Task<Finished> run, CancellationToken hostAway)
    {
        try
        {
            return await run.ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            ErrorCode code = hostAway.IsCancellationRequested ? DeviceErrors.HostLost : DeviceErrors.RunCancelled;
            throw new OrchestratorException(code, code.Meaning, inner: e);
        }
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Information, Message = "run finished")]
    private partial void LogFinished();

    [LoggerMessage(EventId = 21, Level = LogLevel.Warning, Message = "run ended in exception {Code}: {Reason}")]
    private partial void LogException(string code, string reason);
}
