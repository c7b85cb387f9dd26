namespace Orchestrator.Channel.Messages;

/// <summary>What a host can ask of a guest, by the names of the specification. Those that change something carry the name of their enforcement point.</summary>
public static class Operations
{
    /// <summary>Gives the guest its execution policy; once.</summary>
    public const string SetPolicy = "set_policy";

    /// <summary>Extends the policy by a signed fragment.</summary>
    public const string LoadFragment = "load_fragment";

    /// <summary>Mounts a layer.</summary>
    public const string MountDevice = "mount_device";

    /// <summary>Takes a layer away.</summary>
    public const string UnmountDevice = "unmount_device";

    /// <summary>Stacks layers to a root file system.</summary>
    public const string MountOverlay = "mount_overlay";

    /// <summary>Takes a root file system away.</summary>
    public const string UnmountOverlay = "unmount_overlay";

    /// <summary>Mounts scratch space.</summary>
    public const string MountScratch = "scratch_mount";

    /// <summary>Takes scratch space away.</summary>
    public const string UnmountScratch = "scratch_unmount";

    /// <summary>Creates a container and starts its first process.</summary>
    public const string CreateContainer = "create_container";

    /// <summary>Starts a further process in a container.</summary>
    public const string ExecInContainer = "exec_in_container";

    /// <summary>Starts a process in the guest beside the containers.</summary>
    public const string ExecExternal = "exec_external";

    /// <summary>Sends a signal to a process of a container.</summary>
    public const string SignalProcess = "signal_container_process";

    /// <summary>Ends a container.</summary>
    public const string ShutdownContainer = "shutdown_container";

    /// <summary>Waits for a process's end.</summary>
    public const string Wait = "wait";

    /// <summary>Waits for what a process writes.</summary>
    public const string ReadOutput = "read_output";

    /// <summary>Gives a process something to read.</summary>
    public const string WriteInput = "write_input";

    /// <summary>The processes that run, and what they use.</summary>
    public const string GetProperties = "get_properties";

    /// <summary>Where the processes stand.</summary>
    public const string DumpStacks = "dump_stacks";

    /// <summary>What the guest agent notes of its own work.</summary>
    public const string RuntimeLog = "runtime_logging";

    /// <summary>What the group is and can still become.</summary>
    public const string State = "state";

    /// <summary>The decisions so far, signed.</summary>
    public const string Decisions = "decisions";

    /// <summary>A report on the group, and what it is bound to.</summary>
    public const string Evidence = "evidence";
}
