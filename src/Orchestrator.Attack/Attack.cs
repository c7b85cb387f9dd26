using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack;

/// <summary>
/// One thing that a hostile host does between the parties and the device. An instance attacks one session: it may keep
/// what it saw. A hook that is not overridden passes its message on unchanged.
/// </summary>
public abstract class Attack
{
    /// <summary>Names the attack on the command line and in tables, e.g. <c>swap-frames</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What the host does, in a few words.</summary>
    public abstract string Deed { get; }

    /// <summary>The error code with which the attack must end.</summary>
    public abstract string StoppedBy { get; }

    /// <summary>The host hands manifest, approvals and nonces to the device.</summary>
    public virtual LoadRequest OnLoad(LoadRequest request) => request;

    /// <summary>The device answers with evidence.</summary>
    public virtual QuoteReply OnQuote(QuoteReply reply) => reply;

    /// <summary>The host hands a party's key package to the device.</summary>
    public virtual StageRequest OnStage(StageRequest request) => request;

    /// <summary>The device asks for something, or hands something out.</summary>
    public virtual DeviceTransfer OnDeviceTransfer(DeviceTransfer transfer) => transfer;

    /// <summary>The host answers.</summary>
    public virtual HostTransfer OnHostTransfer(HostTransfer transfer) => transfer;
}
