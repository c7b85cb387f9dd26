using System.Collections.Immutable;

namespace Orchestrator.Containers.Policies;

/// <summary>What happens at a point that a policy does not mention because the policy is older than the point.</summary>
public enum PointDefault
{
    /// <summary>Refused.</summary>
    Deny,

    /// <summary>Admitted, and nothing is remembered.</summary>
    Allow,

    /// <summary>The framework's rule decides.</summary>
    Framework,
}

/// <summary>A place where the guest asks the policy.</summary>
/// <param name="Name">As policies write it.</param>
/// <param name="Introduced">The API that has it first.</param>
/// <param name="Default">For older policies.</param>
public sealed record EnforcementPoint(string Name, FrameworkVersion Introduced, PointDefault Default)
{
    /// <summary>Every point for Linux guests, by name.</summary>
    public static ImmutableDictionary<string, EnforcementPoint> All { get; } = new EnforcementPoint[]
    {
        new("mount_device", new(0, 1, 0), PointDefault.Deny),
        new("mount_overlay", new(0, 1, 0), PointDefault.Deny),
        new("create_container", new(0, 1, 0), PointDefault.Deny),
        new("unmount_device", new(0, 2, 0), PointDefault.Allow),
        new("exec_in_container", new(0, 2, 0), PointDefault.Allow),
        new("exec_external", new(0, 3, 0), PointDefault.Allow),
        new("shutdown_container", new(0, 4, 0), PointDefault.Allow),
        new("signal_container_process", new(0, 5, 0), PointDefault.Allow),
        new("plan9_mount", new(0, 6, 0), PointDefault.Allow),
        new("plan9_unmount", new(0, 6, 0), PointDefault.Allow),
        new("unmount_overlay", new(0, 6, 0), PointDefault.Allow),
        new("get_properties", new(0, 7, 0), PointDefault.Allow),
        new("dump_stacks", new(0, 7, 0), PointDefault.Allow),
        new("runtime_logging", new(0, 8, 0), PointDefault.Allow),
        new("load_fragment", new(0, 9, 0), PointDefault.Deny),
        new("scratch_mount", new(0, 10, 0), PointDefault.Allow),
        new("scratch_unmount", new(0, 10, 0), PointDefault.Allow),
        new("rw_mount_device", new(0, 11, 0), PointDefault.Framework),
        new("rw_unmount_device", new(0, 11, 0), PointDefault.Framework),
        new("mount_blockdev", new(0, 11, 1), PointDefault.Deny),
        new("unmount_blockdev", new(0, 11, 1), PointDefault.Deny),
        new("host_network", new(0, 12, 0), PointDefault.Deny),
    }.ToImmutableDictionary(point => point.Name, StringComparer.Ordinal);

    /// <summary>Points of Windows guests, and the one for lists of transparency services, which opens nothing by itself: a policy may name them; unless it does they are refused.</summary>
    public static ImmutableHashSet<string> Elsewhere { get; } =
        ImmutableHashSet.Create(StringComparer.Ordinal, "mount_cims", "log_provider", "registry_changes", "load_transparency_trust_list");
}
