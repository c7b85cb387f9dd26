using System.ComponentModel;
using System.Diagnostics;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>A program of this installation that serves in a process of its own, with its log in a file.</summary>
public sealed class LocalService : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly TextWriter _log;
    private bool _isDisposed;

    private LocalService(Process process, TextWriter log)
    {
        _process = process;
        _log = log;

        // Whoever started it may end without disposing of it, as a notebook does whose kernel is restarted.
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    /// <summary>Where it serves.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Starts a service, and waits until it serves.</summary>
    /// <param name="program">Path of its executable, which knows <c>--ready-file</c>.</param>
    /// <param name="arguments">Its other arguments.</param>
    /// <param name="logPath">Where what it prints goes.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException"><see cref="PartyErrors.ServiceNotStarted"/>.</exception>
    public static async Task<LocalService> StartAsync(string program, IEnumerable<string> arguments, string logPath, CancellationToken cancel)
    {
        string readyFile = Path.ChangeExtension(logPath, ".url");
        LocalFile.Guard(readyFile, () =>
        {
            File.Delete(readyFile);
            return true;
        });
        TextWriter log = TextWriter.Synchronized(LocalFile.Guard(logPath, () => new StreamWriter(logPath) { AutoFlush = true }));
        var service = new LocalService(Launch(program, [.. arguments, "--ready-file", readyFile], log), log);
        try
        {
            service.Address = await service.ReadyAsync(readyFile, logPath, cancel);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it at once, and what it has started. Doing it twice changes nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit -= Kill;
        Kill(null, EventArgs.Empty);
        await _process.WaitForExitAsync();
        _process.Dispose();
        await _log.DisposeAsync();
    }

    private static Process Launch(string program, string[] arguments, TextWriter log)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        void Write(string? line)
        {
            if (line is not null)
            {
                log.WriteLine(line);
            }
        }

        try
        {
            Process process = Process.Start(start)!;
            process.OutputDataReceived += (_, line) => Write(line.Data);
            process.ErrorDataReceived += (_, line) => Write(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process;
        }
        catch (Win32Exception e)
        {
            log.Dispose();
            throw new OrchestratorException(PartyErrors.ServiceNotStarted, $"{program} cannot be started: {e.Message}", inner: e);
        }
    }

    private async Task<string> ReadyAsync(string readyFile, string logPath, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        try
        {
            while (!File.Exists(readyFile))
            {
                if (_process.HasExited)
                {
                    throw new OrchestratorException(PartyErrors.ServiceNotStarted, $"{_process.StartInfo.FileName} ended before it served; see {logPath}.");
                }

                await Task.Delay(s_pollInterval, patience.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new OrchestratorException(PartyErrors.ServiceNotStarted, $"{_process.StartInfo.FileName} does not serve after {s_patience.TotalSeconds} s; see {logPath}.");
        }

        return (await File.ReadAllTextAsync(readyFile, cancel)).Trim();
    }

    private void Kill(object? sender, EventArgs e)
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }
}
