using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Errors;
using Orchestrator.Guest.Files;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Processes;

/// <summary>
/// The mounts that a container asks for, opened before the runtime sees them. Whatever a policy permits, a source is a folder below the group's own
/// shared one, or memory: never a file of the guest's or the host's.
/// </summary>
internal sealed class SandboxMounts : IDisposable
{
    private static readonly HashSet<string> s_bindOptions =
    [
        "bind", "rbind", "ro", "rw", "private", "rprivate", "slave", "rslave", "shared", "rshared", "nosuid", "nodev", "noexec",
    ];

    private static readonly HashSet<string> s_memoryOptions = ["ro", "rw", "nosuid", "nodev", "noexec", "mode=0755", "mode=1777"];

    private readonly List<string> _held = [];

    /// <summary>As the runtime takes them.</summary>
    public List<BoundFolder> Folders { get; } = [];

    /// <summary>Opens the sources of the mounts, making folders that are missing.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.RequestInvalid"/>.</exception>
    /// <exception cref="IOException">A source is no folder, or there is a link on the way.</exception>
    public static SandboxMounts Open(IEnumerable<MountRequest> requests)
    {
        var mounts = new SandboxMounts();
        try
        {
            foreach (MountRequest request in requests)
            {
                mounts.Folders.Add(mounts.Open(request));
            }

            return mounts;
        }
        catch
        {
            mounts.Dispose();
            throw;
        }
    }

    /// <summary>Lets the sources go; containers that were started have theirs.</summary>
    public void Dispose()
    {
        foreach (string place in _held)
        {
            Mounts.Unmount(place);
            Directory.Delete(place);
        }

        _held.Clear();
    }

    private BoundFolder Open(MountRequest request)
    {
        const string Below = GroupFolders.Shared + "/";
        if (!request.Destination.StartsWith('/') || request.Destination.Split('/').Contains(".."))
        {
            throw Refused(request, "its destination is no plain absolute path");
        }

        switch (request.Type)
        {
            case "bind" when request.Source.StartsWith(Below, StringComparison.Ordinal) && request.Options.All(s_bindOptions.Contains):
                return new BoundFolder(request.Destination, Hold(request.Source[Below.Length..]), "bind", request.Options);
            case "tmpfs" when request.Options.All(s_memoryOptions.Contains):
                return new BoundFolder(request.Destination, "tmpfs", "tmpfs", request.Options);
            default:
                throw Refused(request, $"only folders below {GroupFolders.Shared} and memory are mounted, with the usual options");
        }
    }

    // The runtime is given a place that only the agent can change: what is opened here is what is mounted, whatever its name has come to mean.
    private string Hold(string path)
    {
        using SafeFileHandle source = RootedPath.OpenOrMakeFolder(GroupFolders.Shared, path);
        string place = $"{GroupFolders.Runtime}/mount-{_held.Count}";
        Directory.CreateDirectory(place);
        Mounts.MountAgain($"/proc/self/fd/{source.DangerousGetHandle()}", place);
        _held.Add(place);
        return place;
    }

    private static OrchestratorException Refused(MountRequest request, string rule) =>
        new(GuestErrors.RequestInvalid, $"The mount at {request.Destination} is not made: {rule}.");
}
