using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>The names that scripts use for IDs and places, and the requests that bring a container as far as its root file system.</summary>
internal static class Stage
{
    /// <summary>The container's ID.</summary>
    public static readonly string Id = new('c', 64);

    /// <summary>Where guests mount devices.</summary>
    public const string DevicePattern = "/run/mounts/scsi/m[0-9]+";

    /// <summary>The host's share, where the guest mounts it for the container.</summary>
    public static string Share => $"{Root}/{Id}{ShareFolder}0";

    /// <summary>The group's folder of sandbox mounts.</summary>
    public const string SandboxDirectory = Root + "/sandbox/sandboxMounts";

    /// <summary>The group's folder of huge pages.</summary>
    public const string HugePagesDirectory = Root + "/sandbox/hugepageMounts";

    private const string Root = "/run/gcs/c";
    private const string ShareFolder = "/mounts/m";

    /// <summary>Mounts a container's layers and stacks them; each layer once, even if the stack has it twice.</summary>
    public static Script Stack(ContainerEntry entry)
    {
        string[] hashes = [.. entry.Policy.Layers.Distinct(StringComparer.Ordinal)];
        IEnumerable<EnforcementRequest> mounts = hashes.Select((hash, index) => new MountDevice(Target(index), hash, DevicePattern));
        ImmutableArray<string> paths = [.. entry.Policy.Layers.Reverse().Select(hash => Target(Array.IndexOf(hashes, hash)))];
        return new Script([.. mounts, new MountOverlay(Id, paths, $"{Root}/{Id}/rootfs")]);
    }

    /// <summary>Mounts a container's layers and stacks them for an ID that another container had.</summary>
    /// <param name="entry">The container.</param>
    /// <param name="former">What the ID was created as; its layers are still mounted.</param>
    public static IEnumerable<EnforcementRequest> StackAgain(ContainerEntry entry, ContainerEntry former)
    {
        string[] hashes = [.. former.Policy.Layers.Concat(entry.Policy.Layers).Distinct(StringComparer.Ordinal)];
        int mounted = former.Policy.Layers.Distinct(StringComparer.Ordinal).Count();
        ImmutableArray<string> paths = [.. entry.Policy.Layers.Reverse().Select(hash => Target(Array.IndexOf(hashes, hash)))];
        return [.. hashes.Skip(mounted).Select((hash, index) => new MountDevice(Target(mounted + index), hash, DevicePattern)), new MountOverlay(Id, paths, $"{Root}/{Id}/again")];
    }

    /// <summary>Mounts a folder of the host's for the container.</summary>
    public static MountShare MountShare() => new(Share, Root, ShareFolder + "[0-9]+");

    /// <summary>A request to create a container that no policy looks at, for points that admit all.</summary>
    public static CreateContainer Anything() => new(Id, new ProcessRequest(["/bin/anything"], [], "/"), Nobody)
    {
        Mounts = [],
        Devices = [],
        Privileged = false,
        SeccompProfile = "",
        IsSandboxContainer = false,
        SandboxDirectory = SandboxDirectory,
        HugePagesDirectory = HugePagesDirectory,
    };

    /// <summary>No privileges.</summary>
    public static ProcessPrivileges Nobody { get; } = new(true, new Identity("65534", "nobody"), [], "0022", CapabilitySets.None);

    private static string Target(int index) => $"/run/mounts/scsi/m{index}";
}
