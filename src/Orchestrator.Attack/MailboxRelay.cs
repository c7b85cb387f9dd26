using Grpc.Core;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack;

/// <summary>Passes commands on to the device, and its answers back, through the attack's hooks.</summary>
internal sealed class MailboxRelay(RelayTarget target) : Mailbox.MailboxBase
{
    public override Task<DeviceStatus> Status(StatusRequest request, ServerCallContext context) =>
        Pass(context, (device, options) => device.StatusAsync(request, options));

    public override Task<DeviceStatus> Reset(ResetRequest request, ServerCallContext context) =>
        Pass(context, (device, options) => device.ResetAsync(request, options));

    public override Task<DeviceStatus> EnterTrustedMode(EnterTrustedModeRequest request, ServerCallContext context) =>
        Pass(context, (device, options) => device.EnterTrustedModeAsync(request, options));

    public override Task<DeviceStatus> Load(LoadRequest request, ServerCallContext context) =>
        Pass(context, (device, options) => device.LoadAsync(target.Attack.OnLoad(request), options));

    public override async Task<QuoteReply> Quote(QuoteRequest request, ServerCallContext context) =>
        target.Attack.OnQuote(await Pass(context, (device, options) => device.QuoteAsync(request, options)));

    public override Task<DeviceStatus> Stage(StageRequest request, ServerCallContext context) =>
        Pass(context, (device, options) => device.StageAsync(target.Attack.OnStage(request), options));

    public override Task<DeviceStatus> Commit(CommitRequest request, ServerCallContext context) =>
        Pass(context, (device, options) => device.CommitAsync(request, options));

    private async Task<T> Pass<T>(ServerCallContext context, Func<Mailbox.MailboxClient, CallOptions, AsyncUnaryCall<T>> call)
    {
        try
        {
            return await call(new Mailbox.MailboxClient(target.Device), new CallOptions(cancellationToken: context.CancellationToken));
        }
        catch (RpcException e)
        {
            // Trailers carry the device's error detail.
            throw new RpcException(e.Status, e.Trailers);
        }
    }
}
