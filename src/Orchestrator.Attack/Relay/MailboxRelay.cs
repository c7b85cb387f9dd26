using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Relay;

/// <summary>Passes commands on to the device, and its answers back, through the attack's hooks.</summary>
internal sealed class MailboxRelay(RelayTarget target) : Mailbox.MailboxBase
{
    // Without the door: the host is to send its frames through this relay.
    public override async Task<DeviceStatus> Status(StatusRequest request, ServerCallContext context)
    {
        DeviceStatus status = await Pass(device => device.Mailbox.StatusAsync(request, Options(context)));
        status.DmaDoor = string.Empty;
        return status;
    }

    public override Task<DeviceStatus> Reset(ResetRequest request, ServerCallContext context) =>
        Pass(MailboxCommand.Reset, request, (device, sent) => device.Mailbox.ResetAsync(sent, Options(context)));

    public override Task<DeviceStatus> EnterTrustedMode(EnterTrustedModeRequest request, ServerCallContext context) =>
        Pass(MailboxCommand.EnterTrustedMode, request, (device, sent) => device.Mailbox.EnterTrustedModeAsync(sent, Options(context)));

    public override Task<DeviceStatus> Load(LoadRequest request, ServerCallContext context) =>
        Pass(MailboxCommand.Load, request, (device, sent) => device.Mailbox.LoadAsync(target.Attack.OnLoad(sent), Options(context)));

    public override async Task<QuoteReply> Quote(QuoteRequest request, ServerCallContext context) =>
        target.Attack.OnQuote(await Pass(MailboxCommand.Quote, request, (device, sent) => device.Mailbox.QuoteAsync(sent, Options(context))));

    public override Task<DeviceStatus> Stage(StageRequest request, ServerCallContext context) =>
        Pass(MailboxCommand.Stage, request, (device, sent) => device.Mailbox.StageAsync(target.Attack.OnStage(sent), Options(context)));

    public override Task<DeviceStatus> Commit(CommitRequest request, ServerCallContext context) =>
        Pass(MailboxCommand.Commit, request, (device, sent) => device.Mailbox.CommitAsync(sent, Options(context)));

    private static CallOptions Options(ServerCallContext context) => new(cancellationToken: context.CancellationToken);

    private Task<TReply> Pass<TRequest, TReply>(MailboxCommand command, TRequest request, Func<DeviceLine, TRequest, AsyncUnaryCall<TReply>> call)
        where TRequest : IMessage
        where TReply : IMessage => Pass(async device =>
        {
            target.Wire.Note(request);
            await target.Attack.BeforeCommandAsync(command, device);
            TReply reply = await call(device, request);
            target.Wire.Note(reply);
            return reply;
        });

    private Task<T> Pass<T>(Func<DeviceLine, AsyncUnaryCall<T>> call) => Pass(async device => await call(device));

    private async Task<T> Pass<T>(Func<DeviceLine, Task<T>> pass)
    {
        try
        {
            return await pass(target.Line);
        }
        catch (RpcException e)
        {
            // Trailers carry the device's error detail.
            throw new RpcException(e.Status, e.Trailers);
        }
    }
}
