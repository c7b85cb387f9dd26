using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>Tiles as a process of their own, confined or not.</summary>
public sealed partial class TileProcess : TileLink
{
    private readonly Process _process;
    private readonly ILogger _log;
    private readonly Task _standardError;
    private volatile bool _silent;

    private TileProcess(Process process, ILogger log)
    {
        _process = process;
        _log = log;
        Channel = new TileChannel(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
        _standardError = RelayStandardErrorAsync();
    }

    /// <inheritdoc/>
    public override TileChannel Channel { get; }

    /// <summary>Starts the process.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.TilesLost"/>.</exception>
    public static TileProcess Start(ProcessStartInfo start, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            return new TileProcess(Process.Start(start)!, log);
        }
        catch (Win32Exception e)
        {
            throw new OrchestratorException(DeviceErrors.TilesLost, $"The tiles cannot be started: {e.Message}.", inner: e);
        }
    }

    /// <inheritdoc/>
    public override void Silence() => _silent = true;

    /// <inheritdoc/>
    public override void Abort() => _process.Kill(entireProcessTree: true);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        Abort();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await _standardError.ConfigureAwait(false);
        Channel.Dispose();
        _process.Dispose();
    }

    private async Task RelayStandardErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (!_silent)
            {
                LogStandardError(_log, line);
            }
        }
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "tiles: {Line}")]
    private static partial void LogStandardError(ILogger log, string line);
}
