namespace Orchestrator.Containers.Tests;

/// <summary>Policies that tests start from.</summary>
internal static class Policy
{
    private static readonly string[] Points =
    [
        "mount_device", "unmount_device", "mount_overlay", "unmount_overlay", "create_container", "exec_in_container", "exec_external",
        "shutdown_container", "signal_container_process", "plan9_mount", "plan9_unmount", "get_properties", "dump_stacks", "runtime_logging",
        "scratch_mount", "scratch_unmount",
    ];

    /// <summary>A policy of one container with every field, written for a framework's version.</summary>
    public static string WithOneContainer(string framework) =>
        $$"""
        package policy
        api_version := "0.10.0"
        framework_version := "{{framework}}"
        containers := [{
            "command": ["/bin/prepare"],
            "env_rules": [{"pattern": "A=.*", "strategy": "re2", "required": false}],
            "layers": ["{{new string('1', 64)}}"],
            "mounts": [],
            "exec_processes": [{"command": ["top"], "signals": [2]}],
            "signals": [1],
            "user": {"user_idname": {"pattern": "0", "strategy": "id"}, "group_idnames": [], "umask": "0077"},
            "capabilities": {"bounding": ["CAP_KILL"], "effective": [], "inheritable": [], "permitted": [], "ambient": []},
            "seccomp_profile_sha256": "ab",
            "allow_elevated": false,
            "working_dir": "/",
            "allow_stdio_access": false,
            "no_new_privileges": true,
        }]
        {{string.Join('\n', Points.Select(point => $"{point} := data.framework.{point}"))}}
        reason := data.framework.reason
        """;
}
