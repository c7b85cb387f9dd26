using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orchestrator.Attestation;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Firmware;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// Boots the tiles: starts the measured tile program in a fresh process, confined if this machine can, which that process tries
/// before it gets anything. Fresh memory is zero, and what the tiles held is gone when the process has ended.
/// </summary>
public sealed partial class Autoloader : ITileLauncher
{
    private readonly string _folder;
    private readonly string[] _secrets;
    private readonly FirmwareMeter _meter;
    private readonly Measurement _measured;
    private readonly ILogger _log;
    private bool _toldOfSwapping;

    /// <param name="folder">Where the tile program is installed.</param>
    /// <param name="confinement">Whether to confine the tiles, and to go on where that is not possible.</param>
    /// <param name="secrets">Files and folders of the controller's, for the tiles to look for.</param>
    /// <param name="log">Gets what the tiles print while they hold nothing secret.</param>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.ConfinementUnavailable"/>, <see cref="DeviceErrors.TilesUnconfined"/> or
    /// <see cref="DeviceErrors.FirmwareMissing"/>.</exception>
    public Autoloader(string folder, Confinement confinement, IEnumerable<string> secrets, ILogger<Autoloader> log)
    {
        _folder = Path.GetFullPath(folder);
        _secrets = [.. secrets.Select(Path.GetFullPath)];
        _meter = new FirmwareMeter(_folder);
        _measured = _meter.MeasureTiles();
        _log = log;
        Confined = confinement != Confinement.None && CanConfine(confinement == Confinement.Required);
    }

    /// <inheritdoc/>
    public bool Confined { get; }

    /// <inheritdoc/>
    public async Task<TileLink> LaunchAsync(int largestFrame, CancellationToken cancellation)
    {
        // The files are what was measured at boot, and attested to, or the tiles do not start.
        if (_meter.MeasureTiles() != _measured)
        {
            throw new OrchestratorException(DeviceErrors.FirmwareMissing, "The tiles' program was changed after it was measured.");
        }

        TileProcess tiles = Start(largestFrame, Confined);
        try
        {
            // Quotes say that the tiles are confined: these are, or get nothing.
            if (Confined)
            {
                RequireNothing(await ProbeAsync(tiles, cancellation).ConfigureAwait(false));
            }

            return tiles;
        }
        catch
        {
            await tiles.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // Found by doing it: with any program, and with the tiles' own.
    private bool CanConfine(bool required)
    {
        try
        {
            if (!TileConfinement.IsAvailable(_folder))
            {
                throw new OrchestratorException(DeviceErrors.ConfinementUnavailable, "bubblewrap cannot confine the tiles here.");
            }

            RequireNothing(ProbeOnceAsync().GetAwaiter().GetResult());
            return true;
        }
        catch (OrchestratorException e) when (!required)
        {
            LogNotConfined(_log, e.Message);
            return false;
        }
    }

    private static void RequireNothing(ImmutableArray<string> findings)
    {
        if (findings.Length > 0)
        {
            throw new OrchestratorException(DeviceErrors.TilesUnconfined, $"The tiles tried and reached: {string.Join("; ", findings)}.");
        }
    }

    private async Task<ImmutableArray<string>> ProbeOnceAsync()
    {
        await using TileProcess tiles = Start(largestFrame: 0, confined: true);
        return await ProbeAsync(tiles, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<ImmutableArray<string>> ProbeAsync(TileProcess tiles, CancellationToken cancellation)
    {
        using CancellationTokenRegistration abort = cancellation.Register(tiles.Abort);
        try
        {
            return await Surroundings.ProbeFromAsync(tiles.Channel, _folder, _secrets, cancellation).ConfigureAwait(false);
        }
        catch (OrchestratorException e) when (e.Code == TileErrors.ChannelClosed)
        {
            throw new OrchestratorException(DeviceErrors.TilesLost, "The tiles ended before they had said what they can reach.", inner: e);
        }
    }

    private TileProcess Start(int largestFrame, bool confined)
    {
        TileMemory memory = TileMemory.Create(largestFrame);
        if (!memory.IsLocked && !_toldOfSwapping)
        {
            _toldOfSwapping = true;
            LogNotLocked(_log);
        }

        string[] command = [Path.Combine(_folder, FirmwareMeter.TilesProgram), "serve", $"{memory.File.DangerousGetHandle()}"];
        return TileProcess.Start(confined ? TileConfinement.Wrap(_folder, command) : Unconfined(command), memory, _log);
    }

    [LoggerMessage(EventId = 12, Level = LogLevel.Warning, Message = "the tiles run without confinement, as quotes will say: {Reason}")]
    private static partial void LogNotConfined(ILogger log, string reason);

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
