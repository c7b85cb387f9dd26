using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Guest.Files;

/// <summary>Where layers are read from and scratch is written to. Each method does its deed wholly or not at all.</summary>
internal interface IGroupDisks
{
    /// <summary>Mounts the layer image that the host has attached as <paramref name="device"/>, read-only. Nothing is ever read from the mount that does not hash to the root hash.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.DeviceMissing"/>, or a code of <see cref="Containers.Verity.VerityErrors"/>.</exception>
    /// <exception cref="IOException">The kernel refused.</exception>
    void MountLayer(string device, Digest rootHash, string target);

    /// <summary>Mounts an empty file system to write to, whose contents the host cannot read.</summary>
    /// <param name="target">Where.</param>
    /// <param name="size">In bytes; what it takes to manage it comes out of that.</param>
    /// <exception cref="IOException">The kernel refused, or there is no room.</exception>
    void MountScratch(string target, long size);

    /// <summary>Takes a layer or scratch away, with all that was written.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.UnmountFailed"/>.</exception>
    void Unmount(string target);
}
