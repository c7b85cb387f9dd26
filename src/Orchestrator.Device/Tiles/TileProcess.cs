using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>Tiles as a process of their own, confined or not.</summary>
public sealed partial class TileProcess : TileLink
{
    /// <summary>How long a process may take to end that has closed its channel.</summary>
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(5);

    // What a shell, bubblewrap and .NET report of a process that a signal ended; signal(7).
    private const int Signalled = 128;
    private const int Kill = 9;
    private const int Terminate = 15;
    private static readonly Lock Starting = new();

    private readonly Process _process;
    private readonly TileMemory _memory;
    private readonly ILogger _log;
    private readonly Task _standardError;
    private readonly Task _exit;
    private readonly TaskCompletionSource _over;
    private volatile bool _silent;

    private TileProcess(Process process, TileMemory memory, TaskCompletionSource over, ILogger log)
    {
        _process = process;
        _memory = memory;
        _over = over;
        _log = log;
        Channel = new TileChannel(process.StandardOutput.BaseStream, process.StandardInput.BaseStream, memory.FromTiles, memory.ToTiles);
        _standardError = RelayStandardErrorAsync();
        _exit = CloseAtExitAsync();
    }

    /// <inheritdoc/>
    public override TileChannel Channel { get; }

    /// <summary>Starts the process.</summary>
    /// <param name="start">Its command.</param>
    /// <param name="memory">What it shares with this one and inherits; disposed of with the process.</param>
    /// <param name="log">Gets what it prints until <see cref="Silence"/>.</param>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.TilesLost"/>.</exception>
    public static TileProcess Start(ProcessStartInfo start, TileMemory memory, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(memory);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            var over = new TaskCompletionSource();
            return new TileProcess(StartOnThreadOfItsOwn(start, memory, over.Task), memory, over, log);
        }
        catch (Win32Exception e)
        {
            memory.Dispose();
            throw new OrchestratorException(DeviceErrors.TilesLost, $"The tiles cannot be started: {e.Message}.", inner: e);
        }
    }

    /// <inheritdoc/>
    public override void Silence() => _silent = true;

    /// <inheritdoc/>
    public override async Task<bool> HasCrashedAsync()
    {
        using var limit = new CancellationTokenSource(EndingTime);
        try
        {
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return _process.ExitCode is not (Signalled + Kill or Signalled + Terminate);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override void Abort() => _process.Kill(entireProcessTree: true);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        Abort();
        await _exit.ConfigureAwait(false);
        await _standardError.ConfigureAwait(false);
        Channel.Dispose();
        _process.Dispose();
        _over.SetResult();
        try
        {
            foreach (Memory<byte> ring in _memory.Rings)
            {
                MemoryScrub.Scrub(ring.Span);
            }
        }
        finally
        {
            _memory.Dispose();
        }
    }

    // What dies with its parent dies, on Linux, with the thread that started it (prctl(2), PR_SET_PDEATHSIG), and a thread of the pool
    // retires when it has been idle for some seconds, as in a long step of training.
    private static Process StartOnThreadOfItsOwn(ProcessStartInfo start, TileMemory memory, Task over)
    {
        var started = new TaskCompletionSource<Process>();
        var thread = new Thread(() =>
        {
            try
            {
                started.SetResult(StartInheriting(start, memory));
                over.Wait();
            }
            catch (Win32Exception e)
            {
                started.SetException(e);
            }
        })
        {
            IsBackground = true,
            Name = "tiles",
        };
        thread.Start();
        return started.Task.GetAwaiter().GetResult();
    }

    // One at a time, so that no other tiles inherit it too.
    private static Process StartInheriting(ProcessStartInfo start, TileMemory memory)
    {
        lock (Starting)
        {
            SharedMemory.SetInherited(memory.File, true);
            try
            {
                return Process.Start(start)!;
            }
            finally
            {
                SharedMemory.SetInherited(memory.File, false);
            }
        }
    }

    // Whoever waits for room in the shared memory would not notice otherwise.
    private async Task CloseAtExitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        Channel.Close();
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
