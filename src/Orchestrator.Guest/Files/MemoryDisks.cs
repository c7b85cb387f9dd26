using Orchestrator.Crypto;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Files;

/// <summary>The disks of a sandbox, whose devices are the host's: layers are checked copies in the guest's memory, scratch is memory too.</summary>
internal sealed class MemoryDisks : IGroupDisks
{
    private readonly LayerStore _layers = new();

    /// <inheritdoc/>
    public void MountLayer(string device, Digest rootHash, string target) => _layers.Mount(device, rootHash, target);

    /// <inheritdoc/>
    public void MountScratch(string target, long size) => Mounts.MountVirtual("tmpfs", target, $"mode=0700,size={size}");

    /// <inheritdoc/>
    public void Unmount(string target) => Mounts.Unmount(target);
}
