using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Groups;

/// <summary>The capabilities that container engines grant to containers of which nothing is said.</summary>
public static class UsualCapabilities
{
    /// <summary>Their names, sorted.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
        "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ];

    /// <summary>The sets of a container with <see cref="Names"/>.</summary>
    public static CapabilitySets Sets { get; } = Of(Names);

    /// <summary>The sets of a container with these capabilities: bounding, effective and permitted, but none inherited.</summary>
    public static CapabilitySets Of(ImmutableArray<string> names) => new(names, names, [], names, []);
}
