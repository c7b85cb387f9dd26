using System.Collections.Immutable;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Shim.Groups;
using static Orchestrator.Attack.Guests.GuestScene;

namespace Orchestrator.Attack.Guests;

/// <summary>Containers created otherwise than was agreed on.</summary>
internal static class ContainerAttacks
{
    private const string Volume = GuestPaths.Shared + "/volumes/data";

    private static readonly ImmutableArray<string> s_readOnly = ["rbind", "rprivate", "ro"];
    private static readonly ImmutableArray<string> s_chroot = ["CAP_SYS_CHROOT"];

    public static IEnumerable<GuestAttack> All() =>
    [
        Process("change-command", "runs another program in a container", "invalid command", process => process with { Command = ["/bin/sh"] }),
        Process("append-argument", "appends an argument to a container's command", "invalid command", process => process with { Command = [.. process.Command, "-x"] }),
        Process("add-environment", "adds a variable to a container's environment", "invalid env list: LD_PRELOAD", process => process with { Environment = [.. process.Environment, "LD_PRELOAD=/data/spy.so"] }),
        Process("change-environment", "changes a variable of a container", "invalid env list: PATH", process => process with { Environment = ["PATH=/data:/bin"] }),
        Process("omit-environment", "leaves out a variable that a container needs", "missing required environment variable", process => process with { Environment = [] }),
        Process("change-user", "runs a container as root", "invalid user", process => process with { User = "0" }),
        Process("change-group", "runs a container in another group", "invalid user", process => process with { User = "worker:0" }),
        Process("change-umask", "lets a container's files be written by everybody", "invalid user", process => process with { Umask = "0000" }),
        Process("change-directory", "starts a container in another folder", "invalid working directory", process => process with { WorkingDirectory = "/bin" }),
        Process("gain-privileges", "lets a container gain privileges", "invalid noNewPrivileges", process => process with { NoNewPrivileges = false }),
        Process("add-capability", "gives a container a capability", "capabilities don't match", process => process with { Capabilities = new CapabilitySets(s_chroot, s_chroot, [], s_chroot, []) }),
        Process("default-capabilities", "gives a container the usual capabilities in place of none", "capabilities don't match", process => process with { Capabilities = null }),
        Whole("add-mount", "mounts a folder into a container that may not have it", "invalid mount list: /etc", container => container with { Mounts = [new("/etc", Volume, "bind", s_readOnly)] }),
        Whole("writable-mount", "mounts a container's folder writable", "invalid mount list: /data", container => container with { Mounts = [new("/data", Volume, "bind", ["rbind", "rprivate", "rw"])] }),
        Whole("mount-guest-files", "mounts the guest's own files into a container", "invalid mount list: /data", container => container with { Mounts = [new("/data", "/run/group", "bind", s_readOnly)] }),
        Whole("climb-out-of-mount", "mounts what is above the folder that a container may have", "invalid mount list: /data", container => container with { Mounts = [new("/data", Volume + "/../..", "bind", s_readOnly)] }),
        Whole("privileged-container", "runs a container privileged", "privileged escalation not allowed", container => container with { Privileged = true }),
        Whole("replace-seccomp", "gives a container a filter of system calls of its own", "invalid seccomp", container => container with { Seccomp = "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"u8.ToArray() }),
        new(new AttackCard("hide-behind-zero-byte", "hides the end of a variable behind a zero byte, where rules see it and programs do not", SecurityProperty.Containment, Watcher.Group, "cbor-out-of-range"), async scene =>
        {
            await scene.StartWithOverlayAsync();
            ContainerSpec container = Container();
            await scene.StrikeAsync(() => scene.Group.CreateContainerAsync(container with { Process = container.Process with { Environment = ["PATH=/data\0/bin"] } }));
        }),
        new(Card("create-unknown", "creates a container that it has stacked no layers for", "invalid command"), async scene =>
        {
            await scene.StartAsync();
            ContainerSpec container = Container();
            await scene.StrikeAsync(() => scene.Group.CreateContainerAsync(container with { Process = container.Process with { User = "1000:1000" } }));
        }),
        new(Card("create-twice", "creates a container that runs", "container already started"), async scene =>
        {
            await scene.StartWithContainerAsync();
            await scene.StrikeAsync(() => scene.Group.CreateContainerAsync(Container()));
        }),
        new(Card("recreate-container", "ends a container, stacks its layers again, and creates it anew", "container already started"), async scene =>
        {
            await scene.StartWithContainerAsync();
            await scene.Group.ShutdownAsync(Id());
            await scene.Group.UnmountOverlayAsync(Id());
            await scene.Group.MountOverlayAsync(Id(), [GuestPaths.Layer(1), GuestPaths.Layer(0)], GuestPaths.Scratch(0));
            await scene.StrikeAsync(() => scene.Group.CreateContainerAsync(Container()));
        }),
        new(new AttackCard("escape-container-id", "names a container so that its folder is another one", SecurityProperty.Containment, Watcher.Group, "guest-request-invalid"), async scene =>
        {
            await scene.StartWithLayersAsync();
            await scene.StrikeAsync(() => scene.Group.MountOverlayAsync("../layers", [GuestPaths.Layer(1), GuestPaths.Layer(0)], GuestPaths.Scratch(0)));
        }),
    ];

    private static GuestAttack Process(string name, string deed, string denial, Func<ProcessSpec, ProcessSpec> change) =>
        Whole(name, deed, denial, container => container with { Process = change(container.Process) });

    private static GuestAttack Whole(string name, string deed, string denial, Func<ContainerSpec, ContainerSpec> change) => new(Card(name, deed, denial), async scene =>
    {
        await scene.StartWithOverlayAsync();
        await scene.StrikeAsync(() => scene.Group.CreateContainerAsync(change(Container())));
    });

    private static AttackCard Card(string name, string deed, string denial) => new(name, deed, SecurityProperty.Containment, Watcher.Group, "guest-denied") { Denial = denial };
}
