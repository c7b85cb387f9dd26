using System.Text;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Layers;
using Orchestrator.Shim.Groups;
using static Orchestrator.Attack.Guests.GuestScene;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Guests;

/// <summary>Layers swapped, corrupted, stacked otherwise, and put where they do not belong.</summary>
internal static class LayerAttacks
{
    private const int Block = 4096;

    public static IEnumerable<GuestAttack> All() =>
    [
        Tampered("swap-layer", "gives a group another layer's image in a layer's place", "verity-root-mismatch", scene => scene.Layers.Note, (scene, _) => File.ReadAllBytes(scene.Layers.Foreign.Path)),
        Corrupted("corrupt-layer", "flips a bit in a layer's files", CorruptAsync),
        Tampered("corrupt-layer-tree", "flips a bit in a layer's hash tree", "verity-block-mismatch", scene => scene.Layers.Shell, (_, bytes) => Flip(bytes, bytes.Length - 1)),
        Tampered("truncate-layer", "cuts the end off a layer", "verity-superblock", scene => scene.Layers.Shell, (_, bytes) => bytes[..^Block]),
        new(Refusal("foreign-layer", "mounts a layer of its own making", "deviceHash not found"), async scene =>
        {
            await scene.StartWithLayersAsync();
            await scene.StrikeAsync(() => scene.MountAsync(scene.Layers.Foreign));
        }),
        Corrupted("corrupt-layer-after-mount", "changes a layer's image once it is mounted, and mounts it again for the next container", CorruptLaterAsync),
        new(Refusal("mount-over-layer", "mounts a layer where another is", "device already mounted at path"), async scene =>
        {
            string[] layers = await scene.StartWithLayersAsync();
            await scene.StrikeAsync(() => scene.Group.MountLayerAsync(Path.GetFileName(scene.Layers.Note.Path), scene.Layers.Note.RootHash.ToString(), layers[0]));
        }),
        new(Card("mount-layer-elsewhere", "mounts a layer over the guest's own files", Containment, "guest-request-invalid"), async scene =>
        {
            await scene.StartAsync();
            await scene.StrikeAsync(() => scene.Group.MountLayerAsync(Path.GetFileName(scene.Layers.Note.Path), scene.Layers.Note.RootHash.ToString(), "/run/group/layers/0/../../runtime"));
        }),
        Stacked("reorder-layers", "stacks a container's layers in another order", layers => [layers[0], layers[1]]),
        Stacked("omit-layer", "leaves a container's top layer out", layers => [layers[0]]),
        Stacked("repeat-layer", "stacks a layer twice", layers => [layers[1], layers[1], layers[0]]),
        new(Refusal("stack-twice", "stacks a container's layers a second time", "overlay has already been mounted"), async scene =>
        {
            await scene.StartWithOverlayAsync();
            await scene.StrikeAsync(() => scene.Group.MountOverlayAsync(Id(), [GuestPaths.Layer(1), GuestPaths.Layer(0)], GuestPaths.Scratch(0)));
        }),
        new(Refusal("unencrypted-scratch", "gives a group scratch space in the clear", "unencrypted scratch not allowed"), async scene =>
        {
            await scene.StartAsync();
            await scene.StrikeAsync(() => scene.Group.MountScratchAsync(GuestPaths.Scratch(0), 1 << 20, encrypted: false));
        }),
        new(Card("pull-layer-away", "takes a layer away from under a running container", Integrity, "guest-busy"), async scene =>
        {
            await scene.StartWithContainerAsync();
            await scene.StrikeAsync(() => scene.Group.UnmountLayerAsync(GuestPaths.Layer(0)));
        }),
    ];

    // A sandbox reads the whole layer when it mounts it; a machine reads what somebody needs, here who a container's user is.
    private static GuestAttack Corrupted(string name, string deed, Func<GuestScene, Task> mount) => new(Card(name, deed, Integrity, "verity-block-mismatch"), mount)
    {
        MachineCard = Card(name, deed, Integrity, "guest-request-invalid") with { Denial = "Input/output error" },
    };

    private static async Task CorruptAsync(GuestScene scene)
    {
        string device = scene.Tamper(scene.Layers.Shell, FlipUsers);
        await scene.StartAsync();
        await StrikeAsync(scene, device, 1);
    }

    private static async Task CorruptLaterAsync(GuestScene scene)
    {
        string device = scene.Tamper(scene.Layers.Shell, image => image);
        await scene.StartAsync();
        await StackAsync(scene, device, 1);
        StartedProcess process = await scene.Group.CreateContainerAsync(Container());
        if (!(await scene.Group.ReadAsync(process.Process, 1)).Span.SequenceEqual("a note\n"u8))
        {
            return;
        }

        scene.Change(device, FlipUsers);
        await StrikeAsync(scene, device, 2);
    }

    private static async Task StrikeAsync(GuestScene scene, string device, int container)
    {
        if (!scene.HasMachine)
        {
            await scene.StrikeAsync(() => scene.MountAsync(scene.Layers.Shell, device));
            return;
        }

        await StackAsync(scene, device, container);
        await scene.StrikeAsync(() => scene.Group.CreateContainerAsync(Container() with { Id = Id(container) }));
    }

    private static async Task StackAsync(GuestScene scene, string device, int container)
    {
        await scene.Group.MountScratchAsync(GuestPaths.Scratch(container), GuestScene.ScratchBytes);
        string[] layers = [await scene.MountAsync(scene.Layers.Note), await scene.MountAsync(scene.Layers.Shell, device)];
        await scene.Group.MountOverlayAsync(Id(container), layers, GuestPaths.Scratch(container));
    }

    private static GuestAttack Tampered(string name, string deed, string code, Func<GuestScene, LayerImage> layer, Func<GuestScene, byte[], byte[]> change) => new(Card(name, deed, Integrity, code), async scene =>
    {
        string device = scene.Tamper(layer(scene), bytes => change(scene, bytes));
        await scene.StartAsync();
        await scene.StrikeAsync(() => scene.MountAsync(layer(scene), device));
    });

    private static GuestAttack Stacked(string name, string deed, Func<string[], string[]> topFirst) => new(Refusal(name, deed, "no matching containers for overlay"), async scene =>
    {
        string[] layers = await scene.StartWithLayersAsync();
        await scene.StrikeAsync(() => scene.Group.MountOverlayAsync(Id(), topFirst(layers), GuestPaths.Scratch(0)));
    });

    private static byte[] FlipUsers(byte[] image) => Flip(image, image.AsSpan().IndexOf(Encoding.ASCII.GetBytes(GuestLayers.Users)));

    private static byte[] Flip(byte[] image, int offset)
    {
        image[offset] ^= 1;
        return image;
    }

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Group, code);

    private static AttackCard Refusal(string name, string deed, string denial) => Card(name, deed, Containment, "guest-denied") with { Denial = denial };
}
