using Orchestrator.Channel.Messages;
using static Orchestrator.Attack.Guests.GuestScene;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Guests;

/// <summary>Processes injected into running containers, signals, streams, and looks inside.</summary>
internal static class ProcessAttacks
{
    public static IEnumerable<GuestAttack> All() =>
    [
        Twin("inject-exec", "starts a shell in a running container", "invalid command", (scene, _) => scene.Group.ExecAsync(Id(), Process(["/bin/sh"]))),
        Twin("exec-with-environment", "starts a permitted program with a variable more", "invalid env list: LD_PRELOAD", (scene, _) =>
            scene.Group.ExecAsync(Id(), Process(GuestPolicies.FirstTool) with { Environment = ["PATH=/bin", "LD_PRELOAD=/data/spy.so"] })),
        Twin("exec-as-root", "starts a permitted program as root", "invalid user", (scene, _) => scene.Group.ExecAsync(Id(), Process(GuestPolicies.FirstTool) with { User = "0" })),
        Twin("exec-external", "starts a program of its own beside the containers", "invalid command", (scene, _) => scene.Group.ExecExternalAsync(new ProcessSpec { Command = ["/bin/sh"] })),
        Twin("narrow-by-exec", "uses a container as one of two that look alike, and then as the other", "invalid command", async (scene, _) =>
        {
            await scene.Group.ExecAsync(Id(), Process(GuestPolicies.FirstTool));
            await scene.StrikeAsync(() => scene.Group.ExecAsync(Id(), Process(GuestPolicies.SecondTool)));
        }),
        Twin("narrow-by-exec-then-signal", "uses a container as one of two, and ends it as only the other may be ended", "target isn't allowed to receive the signal", async (scene, process) =>
        {
            await scene.Group.ExecAsync(Id(), Process(GuestPolicies.FirstTool));
            await scene.StrikeAsync(() => scene.Group.SignalAsync(Id(), process.Process, 9));
        }),
        Twin("send-signal", "sends a container a signal that none of its policy's takes", "target isn't allowed to receive the signal", (scene, process) => scene.Group.SignalAsync(Id(), process.Process, 19)),
        Twin("read-properties", "reads what the processes of a group use", "get_properties", (scene, _) => scene.Group.PropertiesAsync()),
        Twin("dump-stacks", "has the stacks of a group's processes dumped", "dump_stacks", (scene, _) => scene.Group.StacksAsync()),
        Twin("read-runtime-log", "reads the guest agent's own log", "runtime_logging", (scene, _) => scene.Group.RuntimeLogAsync()),
        Quiet("open-stdout", "reads what a container writes that is to be kept inside", (scene, process) => scene.Group.ReadAsync(process.Process, 1)),
        Quiet("open-stdin", "writes to a container whose streams are to be kept inside", (scene, process) => scene.Group.WriteAsync(process.Process, "x"u8.ToArray())),
        new(Card("exec-before-start", "starts a process in a container that was not created", "container not started"), async scene =>
        {
            await scene.StartWithOverlayAsync();
            await scene.StrikeAsync(() => scene.Group.ExecAsync(Id(), Process(GuestPolicies.FirstTool)));
        }),
        new(Card("exec-after-shutdown", "starts a process in a container that was ended", "invalid command"), async scene =>
        {
            await scene.StartWithContainerAsync();
            await scene.Group.ShutdownAsync(Id());
            await scene.StrikeAsync(() => scene.Group.ExecAsync(Id(), Process(GuestPolicies.FirstTool)));
        }),
    ];

    // A deed that strikes by itself has honest steps before.
    private static GuestAttack Twin(string name, string deed, string denial, Func<GuestScene, StartedProcess, Task> strike) => new(Card(name, deed, denial), async scene =>
    {
        StartedProcess process = await scene.StartWithContainerAsync();
        await (name.StartsWith("narrow", StringComparison.Ordinal) ? strike(scene, process) : scene.StrikeAsync(() => strike(scene, process)));
    });

    private static GuestAttack Quiet(string name, string deed, Func<GuestScene, StartedProcess, Task> strike) =>
        new(new AttackCard(name, deed, Confidentiality, Watcher.Group, "guest-stdio-closed"), async scene =>
        {
            StartedProcess process = await scene.StartWithContainerAsync(quiet: true);
            await scene.StrikeAsync(() => strike(scene, process));
        });

    private static AttackCard Card(string name, string deed, string denial) => new(name, deed, Containment, Watcher.Group, "guest-denied") { Denial = denial };
}
