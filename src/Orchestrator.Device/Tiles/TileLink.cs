using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Device.Tiles;

/// <summary>The controller's connection to running tiles. Disposing it ends them and returns when nothing of them is left.</summary>
public abstract class TileLink : IAsyncDisposable
{
    /// <summary>The conversation.</summary>
    public abstract TileChannel Channel { get; }

    /// <summary>From now on the tiles hold what is not the operator's to see: nothing they print is shown.</summary>
    public abstract void Silence();

    /// <summary>Whether the tiles, whose channel is closed, ended by themselves: a program that crashed does so again, one that was killed need not.</summary>
    public abstract Task<bool> HasCrashedAsync();

    /// <summary>Ends the tiles at once, from any thread; the conversation then breaks.</summary>
    public abstract void Abort();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>Starts tiles.</summary>
public interface ITileLauncher
{
    /// <summary>Whether they run without network, files and other processes; stated in quotes.</summary>
    bool Confined { get; }

    /// <summary>Starts fresh tiles.</summary>
    /// <param name="largestFrame">Bytes of plaintext in the largest frame that they will get.</param>
    /// <param name="cancellation">Ends them before they are up.</param>
    /// <exception cref="Errors.OrchestratorException"><see cref="DeviceErrors.TilesLost"/> or <see cref="DeviceErrors.TilesUnconfined"/>.</exception>
    Task<TileLink> LaunchAsync(int largestFrame, CancellationToken cancellation);
}
