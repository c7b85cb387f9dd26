using Orchestrator.Containers.Enforcement;

namespace Orchestrator.Guest.Decisions;

/// <summary>What a request is about, for the log.</summary>
internal static class Subjects
{
    /// <summary>The container's ID, or where something is mounted; otherwise nothing.</summary>
    public static string Subject(this EnforcementRequest request) => request switch
    {
        MountDevice mount => mount.Target,
        UnmountDevice unmount => unmount.Target,
        MountScratch mount => mount.Target,
        UnmountScratch unmount => unmount.Target,
        MountOverlay mount => mount.ContainerId,
        UnmountOverlay unmount => unmount.Target,
        CreateContainer create => create.ContainerId,
        ExecInContainer exec => exec.ContainerId,
        SignalProcess signal => signal.ContainerId,
        ShutdownContainer shutdown => shutdown.ContainerId,
        ExecExternal exec => exec.Process.Command is [{ } program, ..] ? program : "",
        _ => "",
    };
}
