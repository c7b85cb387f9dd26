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
        Tampered("swap-layer", "gives a group another layer's image in a layer's place", "verity-root-mismatch", scene => scene.Layers.Note, scene => File.ReadAllBytes(scene.Layers.Foreign.Path)),
        Tampered("corrupt-layer", "flips a bit in a layer's files", "verity-block-mismatch", scene => scene.Layers.Shell, scene => Flip(scene.Layers.Shell, 40 * Block)),
        Tampered("corrupt-layer-tree", "flips a bit in a layer's hash tree", "verity-block-mismatch", scene => scene.Layers.Shell, scene => Flip(scene.Layers.Shell, -1)),
        Tampered("truncate-layer", "cuts the end off a layer", "verity-superblock", scene => scene.Layers.Shell, scene => File.ReadAllBytes(scene.Layers.Shell.Path)[..^Block]),
        new(Refusal("foreign-layer", "mounts a layer of its own making", "deviceHash not found"), async scene =>
        {
            await scene.StartWithLayersAsync();
            await scene.StrikeAsync(() => scene.MountAsync(scene.Layers.Foreign));
        }),
        new(Card("corrupt-layer-after-mount", "changes a layer's image once it is mounted, and mounts it again for the next container", Integrity, "verity-block-mismatch"), CorruptLaterAsync),
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

    private static async Task CorruptLaterAsync(GuestScene scene)
    {
        string device = scene.Tamper(scene.Layers.Note, bytes => bytes);
        await scene.StartAsync();
        await scene.Group.MountScratchAsync(GuestPaths.Scratch(0), 16 << 20);
        string[] layers = [await scene.MountAsync(scene.Layers.Note, device), await scene.MountAsync(scene.Layers.Shell)];
        await scene.Group.MountOverlayAsync(Id(), layers, GuestPaths.Scratch(0));
        File.WriteAllBytes(Path.Combine(scene.Devices, device), Flip(scene.Layers.Note, 600));
        StartedProcess process = await scene.Group.CreateContainerAsync(Container());
        if (!(await scene.Group.ReadAsync(process.Process, 1)).Span.SequenceEqual("a note\n"u8))
        {
            return;
        }

        await scene.StrikeAsync(() => scene.MountAsync(scene.Layers.Note, device));
    }

    private static GuestAttack Tampered(string name, string deed, string code, Func<GuestScene, LayerImage> layer, Func<GuestScene, byte[]> content) => new(Card(name, deed, Integrity, code), async scene =>
    {
        await scene.StartAsync();
        string device = scene.Tamper(layer(scene), _ => content(scene));
        await scene.StrikeAsync(() => scene.MountAsync(layer(scene), device));
    });

    private static GuestAttack Stacked(string name, string deed, Func<string[], string[]> topFirst) => new(Refusal(name, deed, "no matching containers for overlay"), async scene =>
    {
        string[] layers = await scene.StartWithLayersAsync();
        await scene.StrikeAsync(() => scene.Group.MountOverlayAsync(Id(), topFirst(layers), GuestPaths.Scratch(0)));
    });

    private static byte[] Flip(LayerImage layer, int offset)
    {
        byte[] bytes = File.ReadAllBytes(layer.Path);
        bytes[offset < 0 ? bytes.Length + offset : offset] ^= 1;
        return bytes;
    }

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Group, code);

    private static AttackCard Refusal(string name, string deed, string denial) => Card(name, deed, Containment, "guest-denied") with { Denial = denial };
}
