using System.Text.RegularExpressions;
using Orchestrator.Errors;

namespace Orchestrator.Guest.Files;

/// <summary>Where things are in the guest, and what the host's names for them have to look like.</summary>
internal static partial class GroupFolders
{
    /// <summary>All that the guest writes; memory.</summary>
    public const string Root = "/run/group";

    /// <summary>What the host has attached, read-only.</summary>
    public const string Devices = $"{Root}/devices";

    /// <summary>Checked copies of layer images.</summary>
    public const string Images = $"{Root}/images";

    /// <summary>Folders that containers share: the sources of sandbox mounts.</summary>
    public const string Shared = $"{Root}/shared";

    /// <summary>The runtime's own notes.</summary>
    public const string Runtime = $"{Root}/runtime";

    /// <summary>Sources of huge pages: none are given.</summary>
    public const string HugePages = $"{Root}/hugepages";

    /// <summary>Places of layers.</summary>
    public const string Layers = $"{Root}/layers";

    /// <summary>Places of scratch space.</summary>
    public const string Scratch = $"{Root}/scratch";

    /// <summary>Containers, by their IDs.</summary>
    public const string Containers = $"{Root}/containers";

    /// <summary>What a layer's target looks like, for the policy's own check.</summary>
    public const string LayerPattern = Layers + "/[0-9]{1,6}";

    /// <summary>A container's folder.</summary>
    public static string ContainerFolder(string id) => $"{Containers}/{id}";

    /// <summary>Where a container's root file system is mounted.</summary>
    public static string RootFileSystem(string id) => $"{Containers}/{id}/rootfs";

    /// <summary>A container's ID.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.RequestInvalid"/>.</exception>
    public static string RequireId(string id) => Require(ContainerId(), id, "a container's ID is 64 lower-case hexadecimal digits");

    /// <summary>A device's name.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.RequestInvalid"/>.</exception>
    public static string RequireDevice(string name) => Require(DeviceName(), name, "a device's name is 1 to 128 of a-z, 0-9, hyphen and point, beginning with a letter or digit");

    /// <summary>Where a layer is mounted.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.RequestInvalid"/>.</exception>
    public static string RequireLayer(string target) => Require(LayerTarget(), target, $"a layer's target is {Layers}/ and a number");

    /// <summary>Where scratch is mounted.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.RequestInvalid"/>.</exception>
    public static string RequireScratch(string target) => Require(ScratchTarget(), target, $"a scratch's target is {Scratch}/ and a number");

    private static string Require(Regex form, string text, string rule) =>
        form.IsMatch(text) ? text : throw new OrchestratorException(GuestErrors.RequestInvalid, $"{rule}, not \"{Printable(text)}\".");

    private static string Printable(string text) => string.Concat(text.Take(80).Select(c => c is >= ' ' and <= '~' ? c : '?'));

    [GeneratedRegex(@"\A[0-9a-f]{64}\z")]
    private static partial Regex ContainerId();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{0,127}\z")]
    private static partial Regex DeviceName();

    [GeneratedRegex(@"\A/run/group/layers/[0-9]{1,6}\z")]
    private static partial Regex LayerTarget();

    [GeneratedRegex(@"\A/run/group/scratch/[0-9]{1,6}\z")]
    private static partial Regex ScratchTarget();
}
