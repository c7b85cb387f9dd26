using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Groups;

/// <summary>What guest agents add to every policy: capabilities where it names none, and no mounts, for none of those that they make is the host's.</summary>
public static class GuestEnvironment
{
    /// <summary>What they add.</summary>
    public static GroupEnvironment Default { get; } = new()
    {
        DefaultCapabilities = UsualCapabilities.Names,
        DefaultPrivilegedCapabilities =
        [
            "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
            "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
            "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
            "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
            "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
            "CAP_CHECKPOINT_RESTORE",
        ],
    };

    /// <summary>The sets that a process is asked for with where nobody names any.</summary>
    /// <param name="privileged">Whether its container is privileged: then its processes inherit all, too.</param>
    public static CapabilitySets SetsOf(bool privileged) => privileged
        ? new(Default.DefaultPrivilegedCapabilities, Default.DefaultPrivilegedCapabilities, Default.DefaultPrivilegedCapabilities, Default.DefaultPrivilegedCapabilities, [])
        : UsualCapabilities.Sets;
}
