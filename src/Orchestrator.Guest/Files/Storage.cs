using Orchestrator.Containers.Verity;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Files;

/// <summary>
/// What is mounted in the guest and what uses what. Each method does its deed wholly or not at all. Not safe for concurrent use: the gate lets one
/// request through at a time.
/// </summary>
internal sealed class Storage(IGroupDisks disks)
{
    private const int MaxLayers = 128;

    private readonly HashSet<string> _layers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _scratch = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Overlay> _overlays = new(StringComparer.Ordinal);

    /// <summary>Whether a root file system is mounted at a place.</summary>
    public bool HasOverlay(string target) => _overlays.ContainsKey(target);

    /// <summary>Mounts a layer, after every block of it was checked.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.DeviceMissing"/>, or a code of <see cref="VerityErrors"/>.</exception>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void MountLayer(string device, Digest rootHash, string target)
    {
        RequireFree(!_layers.Contains(target), target);
        InFolder(target, () => disks.MountLayer(device, rootHash, target));
        _layers.Add(target);
    }

    /// <summary>Takes a layer away.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.Busy"/> or <see cref="GuestErrors.UnmountFailed"/>.</exception>
    public void UnmountLayer(string target)
    {
        RequireMounted(_layers.Contains(target), target);
        RequireUnused(target, overlay => overlay.Layers.Contains(target));
        Unmount(target, disks.Unmount);
        _layers.Remove(target);
    }

    /// <summary>Mounts an empty file system to write to.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void MountScratch(string target, long size)
    {
        RequireFree(!_scratch.Contains(target), target);
        InFolder(target, () => disks.MountScratch(target, size));
        _scratch.Add(target);
    }

    /// <summary>Takes scratch away, with all that was written.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.Busy"/> or <see cref="GuestErrors.UnmountFailed"/>.</exception>
    public void UnmountScratch(string target)
    {
        RequireMounted(_scratch.Contains(target), target);
        RequireUnused(target, overlay => overlay.Scratch == target);
        Unmount(target, disks.Unmount);
        _scratch.Remove(target);
    }

    /// <summary>Stacks layers to a container's root file system.</summary>
    /// <param name="container">The container's ID.</param>
    /// <param name="layers">Mounted layers, the top one first.</param>
    /// <param name="scratch">Mounted scratch, for what is written.</param>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.RequestInvalid"/>.</exception>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void MountOverlay(string container, IReadOnlyList<string> layers, string scratch)
    {
        if (layers.Count is 0 or > MaxLayers)
        {
            throw new OrchestratorException(GuestErrors.RequestInvalid, $"{layers.Count} layers were named; 1 to {MaxLayers} can be stacked.");
        }

        string written = $"{scratch}/{container}";
        string target = GroupFolders.RootFileSystem(container);
        RequireFree(!_overlays.ContainsKey(target), target);
        RequireMounted(_scratch.Contains(scratch), scratch);
        foreach (string layer in layers)
        {
            RequireMounted(_layers.Contains(layer), layer);
        }

        InFolder(written, () => InFolder(target, () =>
        {
            string upper = Directory.CreateDirectory($"{written}/upper").FullName;
            string work = Directory.CreateDirectory($"{written}/work").FullName;
            Mounts.MountOverlay(layers, upper, work, target);
        }));
        _overlays[target] = new Overlay([.. layers], scratch, written);
    }

    /// <summary>Takes a root file system away, with all that was written.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.UnmountFailed"/>.</exception>
    public void UnmountOverlay(string target)
    {
        RequireMounted(_overlays.TryGetValue(target, out Overlay? overlay), target);
        Unmount(target, Mounts.Unmount);
        _overlays.Remove(target);
        Directory.Delete(overlay!.Written, recursive: true);
    }

    private void RequireUnused(string target, Func<Overlay, bool> uses)
    {
        if (_overlays.FirstOrDefault(overlay => uses(overlay.Value)).Key is { } user)
        {
            throw new OrchestratorException(GuestErrors.Busy, $"{target} is in use by {user}.");
        }
    }

    // The policy decides this, too; but a policy may leave an enforcement point open.
    private static void RequireFree(bool isFree, string target)
    {
        if (!isFree)
        {
            throw new OrchestratorException(GuestErrors.RequestInvalid, $"Something is mounted at {target} already.");
        }
    }

    private static void RequireMounted(bool isMounted, string target)
    {
        if (!isMounted)
        {
            throw new OrchestratorException(GuestErrors.RequestInvalid, $"Nothing of the kind is mounted at \"{target}\".");
        }
    }

    private static void Unmount(string target, Action<string> unmount)
    {
        unmount(target);
        Directory.Delete(target);
    }

    // A folder that is made for an effect goes with it if it fails.
    private static void InFolder(string folder, Action effect)
    {
        Directory.CreateDirectory(folder);
        try
        {
            effect();
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    private sealed record Overlay(HashSet<string> Layers, string Scratch, string Written);
}
