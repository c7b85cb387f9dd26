using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Proofs.Invariants;

/// <summary>Something that a policy lets happen, in whatever state. What no permit covers never happens.</summary>
/// <param name="Point">Where the guest asks for it.</param>
public abstract record Permit(string Point)
{
    /// <summary>Whether an admitted request is what is permitted here.</summary>
    internal abstract bool Covers(EnforcementRequest request, Decision decision);
}

/// <summary>Whatever is asked for: the policy admits all, by its own words or by its age. Nothing of it is remembered.</summary>
/// <param name="Point">Where.</param>
/// <param name="OpensStreams">Whether the host gets the streams of what is started.</param>
public sealed record Unrestricted(string Point, bool OpensStreams) : Permit(Point)
{
    internal override bool Covers(EnforcementRequest request, Decision decision) => true;
}

/// <summary>Mounting a layer under dm-verity.</summary>
public sealed record MountLayer(string Hash) : Permit("mount_device")
{
    internal override bool Covers(EnforcementRequest request, Decision decision) => request is MountDevice mount && mount.DeviceHash == Hash;
}

/// <summary>Mounting scratch space or a writable device.</summary>
public sealed record MountScratchSpace(string Point, bool Unencrypted) : Permit(Point)
{
    internal override bool Covers(EnforcementRequest request, Decision decision) => Unencrypted || request switch
    {
        MountScratch mount => mount.Encrypted,
        MountWritableDevice mount => mount.Encrypted,
        _ => false,
    };
}

/// <summary>Stacking layers to a root file system.</summary>
public sealed record StackLayers(ContainerEntry Container) : Permit("mount_overlay")
{
    internal override bool Covers(EnforcementRequest request, Decision decision) =>
        request is MountOverlay mount && mount.LayerPaths.Length == Container.Policy.Layers.Length
        && decision.Next.Candidates[mount.ContainerId].All(candidate => candidate.Layers.SequenceEqual(Container.Policy.Layers));
}

/// <summary>Mounting a folder of the host's for a container whose root file system is mounted.</summary>
public sealed record MountHostShare() : Permit("plan9_mount")
{
    internal override bool Covers(EnforcementRequest request, Decision decision) => request is MountShare;
}

/// <summary>Taking away what is mounted, or ending what runs.</summary>
public sealed record Release(string Point) : Permit(Point)
{
    internal override bool Covers(EnforcementRequest request, Decision decision) => true;
}

/// <summary>Sending a signal to a container's first process, or to one that may be started in it.</summary>
public sealed record SendSignal(ContainerEntry Container, ExecProcess? Process, long Signal) : Permit("signal_container_process")
{
    internal override bool Covers(EnforcementRequest request, Decision decision) =>
        request is SignalProcess signal && signal.Signal == Signal
        && (Process is null ? signal.IsInitProcess : !signal.IsInitProcess && signal.Command.SequenceEqual(Process.Command));
}

/// <summary>What a flag alone permits.</summary>
public sealed record FlagPermit(string Point) : Permit(Point)
{
    internal override bool Covers(EnforcementRequest request, Decision decision) => true;
}

/// <summary>Loading a fragment; its issuer decides what is in it, within the kinds of things that count.</summary>
public sealed record LoadFragmentOf(FragmentReference Reference) : Permit("load_fragment")
{
    /// <summary>Whether it may bring containers, or add to the policy's, itself or by fragments that it names.</summary>
    public bool AddsContainers => Reference.Includes.Any(include => include is not (FragmentInclude.ExternalProcesses or FragmentInclude.Namespace));

    /// <summary>Whether it may bring processes beside the containers, itself or by fragments that it names.</summary>
    public bool AddsProcesses => Reference.Includes.Any(include => include is not (FragmentInclude.Containers or FragmentInclude.PlatformRules or FragmentInclude.Namespace));

    internal override bool Covers(EnforcementRequest request, Decision decision) => true;
}
