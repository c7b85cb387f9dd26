using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orchestrator.Attestation;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Firmware;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// Boots the tiles: starts the measured tile program in a fresh process, confined if this machine can. Fresh memory is
/// zero, and what the tiles held is gone when the process has ended.
/// </summary>
public sealed partial class Autoloader : ITileLauncher
{
    private readonly string _folder;
    private readonly FirmwareMeter _meter;
    private readonly Measurement _measured;
    private readonly ILogger _log;
    private bool _toldOfSwapping;

    /// <param name="folder">Where the tile program is installed.</param>
    /// <param name="confinement">Whether to confine the tiles, and to go on where that is not possible.</param>
    /// <param name="log">Gets what the tiles print while they hold nothing secret.</param>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.ConfinementUnavailable"/> or <see cref="DeviceErrors.FirmwareMissing"/>.</exception>
    public Autoloader(string folder, Confinement confinement, ILogger<Autoloader> log)
    {
        _folder = Path.GetFullPath(folder);
        _meter = new FirmwareMeter(_folder);
        _measured = _meter.MeasureTiles();
        _log = log;
        Confined = confinement != Confinement.None && TileConfinement.IsAvailable(_folder);
        if (!Confined && confinement == Confinement.Required)
        {
            throw new OrchestratorException(DeviceErrors.ConfinementUnavailable, "bubblewrap cannot confine the tiles here.");
        }
    }

    /// <inheritdoc/>
    public bool Confined { get; }

    /// <inheritdoc/>
    public TileLink Launch(int largestFrame)
    {
        // The files are what was measured at boot, and attested to, or the tiles do not start.
        if (_meter.MeasureTiles() != _measured)
        {
            throw new OrchestratorException(DeviceErrors.FirmwareMissing, "The tiles' program was changed after it was measured.");
        }

        TileMemory memory = TileMemory.Create(largestFrame);
        if (!memory.IsLocked && !_toldOfSwapping)
        {
            _toldOfSwapping = true;
            LogNotLocked(_log);
        }

        string[] command = [Path.Combine(_folder, FirmwareMeter.TilesProgram), "serve", $"{memory.File.DangerousGetHandle()}"];
        return TileProcess.Start(Confined ? TileConfinement.Wrap(_folder, command) : Unconfined(command), memory, _log);
    }

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning, Message = "the memory that controller and tiles share cannot be locked against swapping: raise the limit of locked memory (ulimit -l)")]
    private static partial void LogNotLocked(ILogger log);

    private ProcessStartInfo Unconfined(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = _folder };
        start.Environment.Clear();
        foreach ((string name, string value) in TileConfinement.Environment())
        {
            start.Environment[name] = value;
        }

        return start;
    }
}
