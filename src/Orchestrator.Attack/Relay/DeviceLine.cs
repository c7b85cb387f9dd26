using Grpc.Core;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Relay;

/// <summary>The mailbox's commands, as a hook sees them pass.</summary>
public enum MailboxCommand
{
    /// <summary>Reset.</summary>
    Reset,

    /// <summary>EnterTrustedMode.</summary>
    EnterTrustedMode,

    /// <summary>Load.</summary>
    Load,

    /// <summary>Quote.</summary>
    Quote,

    /// <summary>Stage, once a party.</summary>
    Stage,

    /// <summary>Commit.</summary>
    Commit,
}

/// <summary>A hostile host's own line to the device, beside the one that the host program uses.</summary>
/// <param name="calls">To the device.</param>
public sealed class DeviceLine(CallInvoker calls)
{
    /// <summary>Commands.</summary>
    public Mailbox.MailboxClient Mailbox { get; } = new(calls);

    /// <summary>Transfers.</summary>
    public Dma.DmaClient Dma { get; } = new(calls);

    /// <summary>Opens a transfer and waits for the device's first word on it.</summary>
    public async Task<DeviceTransfer> RunAsync(HostTransfer first)
    {
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call = Dma.Run();
        try
        {
            await call.RequestStream.WriteAsync(first);
        }
        catch (InvalidOperationException)
        {
            // gRPC's word for a call that is over already; why, the response says.
        }

        return await call.ResponseStream.MoveNext(CancellationToken.None) ? call.ResponseStream.Current : new DeviceTransfer();
    }
}
