using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Fragments.Transparency;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>What the host asks the guest to do: the input of an enforcement point.</summary>
/// <param name="Point">The point's name.</param>
public abstract record EnforcementRequest(string Point);

/// <summary>Mounts a read-only device under dm-verity.</summary>
/// <param name="Target">Where.</param>
/// <param name="DeviceHash">Root hash, 64 hexadecimal digits.</param>
/// <param name="MountPathRegex">What <paramref name="Target"/> has to look like; the guest's own constant.</param>
public sealed record MountDevice(string Target, string DeviceHash, string MountPathRegex) : EnforcementRequest("mount_device");

/// <summary>Mounts a writable device.</summary>
public sealed record MountWritableDevice(string Target, bool Encrypted, bool EnsureFilesystem, string Filesystem, string MountPathRegex) : EnforcementRequest("rw_mount_device");

/// <summary>Unmounts a read-only device.</summary>
public sealed record UnmountDevice(string Target) : EnforcementRequest("unmount_device");

/// <summary>Unmounts a writable device.</summary>
public sealed record UnmountWritableDevice(string Target) : EnforcementRequest("rw_unmount_device");

/// <summary>Gives a container a bare block device, or takes it back: never admitted.</summary>
public sealed record BlockDevice(string Point, string Target) : EnforcementRequest(Point);

/// <summary>Stacks mounted devices to a container's root file system.</summary>
/// <param name="ContainerId">64 hexadecimal digits.</param>
/// <param name="LayerPaths">Mounted devices, the top layer first.</param>
/// <param name="Target">Where.</param>
public sealed record MountOverlay(string ContainerId, ImmutableArray<string> LayerPaths, string Target) : EnforcementRequest("mount_overlay");

/// <summary>Takes a root file system away.</summary>
public sealed record UnmountOverlay(string Target) : EnforcementRequest("unmount_overlay");

/// <summary>Mounts scratch space.</summary>
public sealed record MountScratch(string Target, bool Encrypted) : EnforcementRequest("scratch_mount");

/// <summary>Unmounts scratch space.</summary>
public sealed record UnmountScratch(string Target) : EnforcementRequest("scratch_unmount");

/// <summary>Mounts a folder of the host's.</summary>
public sealed record MountShare(string Target, string RootPrefix, string MountPathPrefix) : EnforcementRequest("plan9_mount");

/// <summary>Unmounts a folder of the host's.</summary>
public sealed record UnmountShare(string Target) : EnforcementRequest("plan9_unmount");

/// <summary>A process: what creating a container and starting a process in one have in common.</summary>
/// <param name="Command">Program and arguments.</param>
/// <param name="Environment">Variables, <c>NAME=value</c>.</param>
/// <param name="WorkingDirectory">Where it starts.</param>
public sealed record ProcessRequest(ImmutableArray<string> Command, ImmutableArray<string> Environment, string WorkingDirectory);

/// <summary>As whom, and with what, a process of a container runs.</summary>
public sealed record ProcessPrivileges(bool NoNewPrivileges, Identity User, ImmutableArray<Identity> Groups, string Umask, CapabilitySets Capabilities);

/// <summary>A mount that a container is to have.</summary>
public sealed record MountRequest(string Destination, string Source, string Type, ImmutableArray<string> Options);

/// <summary>Creates a container and starts its first process.</summary>
public sealed record CreateContainer(string ContainerId, ProcessRequest Process, ProcessPrivileges Privileges) : EnforcementRequest("create_container")
{
    /// <summary>Mounts besides the root file system.</summary>
    public required ImmutableArray<MountRequest> Mounts { get; init; }

    /// <summary>Device nodes: none are admitted.</summary>
    public required ImmutableArray<string> Devices { get; init; }

    /// <summary>Whether it is privileged.</summary>
    public required bool Privileged { get; init; }

    /// <summary>SHA-256 of its seccomp profile, or empty.</summary>
    public required string SeccompProfile { get; init; }

    /// <summary>Whether it is the group's own (pause) container.</summary>
    public required bool IsSandboxContainer { get; init; }

    /// <summary>The guest's folder for what sandbox mounts name.</summary>
    public required string SandboxDirectory { get; init; }

    /// <summary>The guest's folder for huge pages.</summary>
    public required string HugePagesDirectory { get; init; }
}

/// <summary>Starts a further process in a container.</summary>
public sealed record ExecInContainer(string ContainerId, ProcessRequest Process, ProcessPrivileges Privileges) : EnforcementRequest("exec_in_container");

/// <summary>Starts a process in the guest beside the containers.</summary>
public sealed record ExecExternal(ProcessRequest Process) : EnforcementRequest("exec_external");

/// <summary>Sends a signal.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="Signal">Its number.</param>
/// <param name="IsInitProcess">Whether to the container's first process.</param>
/// <param name="Command">Otherwise the command of the process.</param>
public sealed record SignalProcess(string ContainerId, long Signal, bool IsInitProcess, ImmutableArray<string> Command) : EnforcementRequest("signal_container_process");

/// <summary>Ends a container.</summary>
public sealed record ShutdownContainer(string ContainerId) : EnforcementRequest("shutdown_container");

/// <summary>Asks whether a fragment of this issuer and feed could be let in at all, before it is read.</summary>
/// <param name="Issuer">did:x509 of its signer.</param>
/// <param name="Feed">Its name.</param>
public sealed record OfferFragment(string Issuer, string Feed) : EnforcementRequest("load_fragment");

/// <summary>Extends the policy by a fragment.</summary>
public sealed record LoadFragment(VerifiedFragment Fragment) : EnforcementRequest("load_fragment");

/// <summary>Trusts the keys of transparency services.</summary>
public sealed record LoadTrustList(VerifiedTrustList List) : EnforcementRequest("load_transparency_trust_list");

/// <summary>A request that lacks what the framework's rule for its point looks at, or whose point has no rule for Linux guests: no rule can hold.</summary>
public sealed record IncompleteRequest(string Point) : EnforcementRequest(Point);

/// <summary>Something that a flag alone decides: <c>get_properties</c>, <c>dump_stacks</c>, <c>runtime_logging</c>, <c>host_network</c>.</summary>
public sealed record FlaggedAccess(string Point) : EnforcementRequest(Point);
