using System.Net;
using Orchestrator.Device.Tiles;

namespace Orchestrator.Device;

/// <summary>What a device's operator decides.</summary>
public sealed record DeviceOptions
{
    /// <summary>Folder of the device's secret and counters.</summary>
    public required string State { get; init; }

    /// <summary>Folder of the simulated vendor; <see langword="null"/> is one inside <see cref="State"/>.</summary>
    public string? Vendor { get; init; }

    /// <summary>Where to serve; port 0 takes any that is free.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>File to write the device's address into once it serves.</summary>
    public string? ReadyFile { get; init; }

    /// <summary>A way to be wrong on purpose.</summary>
    public Fault Fault { get; init; }

    /// <summary>Whether to serve where the tiles cannot be confined.</summary>
    public bool AllowUnconfinedTiles { get; init; }

    /// <summary>How the tiles are to be confined.</summary>
    public Confinement Confinement => Fault == Fault.NoConfinement ? Confinement.None : AllowUnconfinedTiles ? Confinement.IfPossible : Confinement.Required;
}
