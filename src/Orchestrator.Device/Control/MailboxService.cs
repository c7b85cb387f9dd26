using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Device.Dma;
using MailboxProtocol = Orchestrator.Contracts.Protocol.Device.Mailbox;

namespace Orchestrator.Device.Control;

/// <summary>The mailbox as a gRPC service. Errors leave through the server's interceptor.</summary>
public sealed class MailboxService(Mailbox mailbox, DmaDoor door) : MailboxProtocol.MailboxBase
{
    private static readonly string Version = typeof(MailboxService).Assembly.GetName().Version!.ToString(3);

    /// <inheritdoc/>
    public override Task<DeviceStatus> Status(StatusRequest request, ServerCallContext context) => Task.FromResult(Describe());

    /// <inheritdoc/>
    public override async Task<DeviceStatus> Reset(ResetRequest request, ServerCallContext context)
    {
        await mailbox.ResetAsync().ConfigureAwait(false);
        return Describe();
    }

    /// <inheritdoc/>
    public override Task<DeviceStatus> EnterTrustedMode(EnterTrustedModeRequest request, ServerCallContext context)
    {
        mailbox.EnterTrustedMode();
        return Task.FromResult(Describe());
    }

    /// <inheritdoc/>
    public override Task<DeviceStatus> Load(LoadRequest request, ServerCallContext context)
    {
        mailbox.Load(request);
        return Task.FromResult(Describe());
    }

    /// <inheritdoc/>
    public override Task<QuoteReply> Quote(QuoteRequest request, ServerCallContext context) =>
        Task.FromResult(new QuoteReply { Evidence = ByteString.CopyFrom(mailbox.Quote().Span) });

    /// <inheritdoc/>
    public override Task<DeviceStatus> Stage(StageRequest request, ServerCallContext context)
    {
        mailbox.Stage(request.Party, request.SealedPackage.Memory);
        return Task.FromResult(Describe());
    }

    /// <inheritdoc/>
    public override Task<DeviceStatus> Commit(CommitRequest request, ServerCallContext context)
    {
        mailbox.Commit();
        return Task.FromResult(Describe());
    }

    /// <inheritdoc/>
    public override Task<MemoryReply> ReadTileMemory(ReadTileMemoryRequest request, ServerCallContext context) =>
        Reading(nameof(ReadTileMemory), window => window.ReadTileMemory(request.Address, request.Length));

    /// <inheritdoc/>
    public override Task<MemoryReply> ReadKeyRegister(ReadKeyRegisterRequest request, ServerCallContext context) =>
        Reading(nameof(ReadKeyRegister), window => window.ReadKeyRegister(request.Slot));

    /// <inheritdoc/>
    public override Task<DeviceStatus> WriteTileMemory(WriteTileMemoryRequest request, ServerCallContext context) =>
        Writing(nameof(WriteTileMemory), window => window.WriteTileMemory(request.Address, request.Data.Span));

    /// <inheritdoc/>
    public override Task<DeviceStatus> WriteContext(WriteContextRequest request, ServerCallContext context) =>
        Writing(nameof(WriteContext), window => window.WriteContext(request.Context));

    /// <inheritdoc/>
    public override Task<DeviceStatus> WriteConfiguration(WriteConfigurationRequest request, ServerCallContext context) =>
        Writing(nameof(WriteConfiguration), window => window.WriteConfiguration(request.Register));

    /// <inheritdoc/>
    public override Task<DeviceStatus> LoadFirmware(LoadFirmwareRequest request, ServerCallContext context) =>
        Writing(nameof(LoadFirmware), window => window.LoadFirmware(request.Image.Memory));

    /// <inheritdoc/>
    public override Task<DeviceStatus> AttachDebugger(AttachDebuggerRequest request, ServerCallContext context) =>
        Writing(nameof(AttachDebugger), window => window.AttachDebugger());

    private Task<MemoryReply> Reading(string name, Func<HostWindow, byte[]> read) =>
        Task.FromResult(new MemoryReply { Data = ByteString.CopyFrom(mailbox.Reach(name, read)) });

    private Task<DeviceStatus> Writing(string name, Action<HostWindow> write)
    {
        mailbox.Reach(name, window =>
        {
            write(window);
            return true;
        });
        return Task.FromResult(Describe());
    }

    private DeviceStatus Describe()
    {
        MailboxStatus status = mailbox.Status();
        var reply = new DeviceStatus
        {
            State = status.State,
            Version = Version,
            BootCounter = (ulong)status.BootCounter,
            DmaDoor = door.Name,
            Ueid = ByteString.CopyFrom(status.Ueid.Span),
            Exception = status.Exception is null ? null : RpcErrors.ToDetail(status.Exception),
        };
        reply.Certificates.AddRange(status.Certificates.Select(certificate => ByteString.CopyFrom(certificate.Span)));
        reply.Staged.AddRange(status.Staged);
        return reply;
    }
}
