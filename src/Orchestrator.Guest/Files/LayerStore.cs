using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Verity;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Files;

/// <summary>Mounts layer images for a sandbox: copies each into the guest's memory, checking every block on the way, and mounts the copy, which the host cannot reach.</summary>
internal sealed class LayerStore
{
    private int _images;

    /// <summary>Mounts the image that the host has attached as <paramref name="device"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.DeviceMissing"/>, or a code of <see cref="VerityErrors"/>.</exception>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void Mount(string device, Digest rootHash, string target)
    {
        string image = $"{GroupFolders.Images}/{++_images}";
        try
        {
            CopyChecked(device, rootHash, image);
            using SafeFileHandle file = File.OpenHandle(image);
            (SafeFileHandle loop, string path) = LoopDevice.Attach(file);
            using (loop)
            {
                Mounts.MountReadOnly(path, "erofs", target);
            }
        }
        finally
        {
            // The mount holds what has no name any more.
            File.Delete(image);
        }
    }

    private static void CopyChecked(string device, Digest rootHash, string image)
    {
        using SafeFileHandle source = RootedPath.OpenFile(GroupFolders.Devices, device)
            ?? throw new OrchestratorException(GuestErrors.DeviceMissing, $"The host has attached no device {device}.");
        using SafeFileHandle copy = File.OpenHandle(image, FileMode.CreateNew, FileAccess.ReadWrite);
        VerifiedLayer.Open(source, rootHash).CopyTo(copy);
    }
}
