using Grpc.Core;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Device.Runs;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;
using DmaProtocol = Orchestrator.Contracts.Protocol.Device.Dma;
using Mailbox = Orchestrator.Device.Control.Mailbox;

namespace Orchestrator.Device.Dma;

/// <summary>The transfer of a run as a gRPC service. The state has changed, and keys are scrubbed, before the host hears of the end.</summary>
public sealed partial class DmaService(Mailbox mailbox, ITileLauncher launcher, TimeProvider time, ILogger<DmaService> log) : DmaProtocol.DmaBase
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

        var host = new HostLink(requestStream, responseStream);
        Task listening = host.ListenAsync(context.CancellationToken);
        DeviceTransfer end = await RunAsync(host, context.CancellationToken).ConfigureAwait(false);
        await responseStream.WriteAsync(end, context.CancellationToken).ConfigureAwait(false);
        await Task.WhenAny(listening, Task.Delay(HangUpTime, time, context.CancellationToken)).ConfigureAwait(false);
    }

    private async Task<DeviceTransfer> RunAsync(HostLink host, CancellationToken hostAway)
    {
        try
        {
            Finished? finished = null;
            await mailbox.RunAsync(
                async (session, device, cancellation) => finished = await EndingClearly(new JobRun(session, device, launcher, host).RunAsync(cancellation), hostAway).ConfigureAwait(false),
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
