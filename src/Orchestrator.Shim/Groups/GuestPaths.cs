using System.Globalization;

namespace Orchestrator.Shim.Groups;

/// <summary>Places in a guest, as docs/spec/guest-channel.md names them.</summary>
public static class GuestPaths
{
    /// <summary>The folder of sandbox mounts.</summary>
    public const string Shared = "/run/group/shared";

    /// <summary>A layer's place.</summary>
    public static string Layer(int number) => string.Create(CultureInfo.InvariantCulture, $"/run/group/layers/{number}");

    /// <summary>Scratch's place.</summary>
    public static string Scratch(int number) => string.Create(CultureInfo.InvariantCulture, $"/run/group/scratch/{number}");

    /// <summary>A container's root file system.</summary>
    public static string RootFileSystem(string container) => $"/run/group/containers/{container}/rootfs";
}
