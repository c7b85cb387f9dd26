using System.Diagnostics;
using System.Text;

namespace Orchestrator.Demo;

/// <summary>What a finished command left.</summary>
/// <param name="ExitCode">0 for success.</param>
/// <param name="Output">What it printed on standard output.</param>
/// <param name="Error">What it printed on standard error.</param>
internal sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Starts the programs that the demonstration consists of: each party, the host and the device are processes of their own.</summary>
/// <param name="orchestrator">Path of the command line's executable.</param>
internal sealed class Command(string orchestrator)
{
    /// <summary>Runs <c>orchestrator</c> to its end.</summary>
    /// <param name="line">Told each line of standard output as it comes.</param>
    /// <exception cref="DemoFailedException">It exits with anything but 0.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, Action<string>? line, CancellationToken cancel)
    {
        CommandResult result = await TryRunAsync(arguments, line, cancel);
        return result.ExitCode == 0
            ? result.Output
            : throw new DemoFailedException($"'orchestrator {string.Join(' ', arguments)}' exited with {result.ExitCode}:\n{result.Error}{result.Output}");
    }

    /// <summary>Runs <c>orchestrator</c> to its end, whatever that is.</summary>
    public Task<CommandResult> TryRunAsync(IReadOnlyList<string> arguments, Action<string>? line, CancellationToken cancel) =>
        RunProgramAsync(orchestrator, arguments, line, cancel);

    /// <summary>Runs a program that is installed beside <c>orchestrator</c> to its end.</summary>
    /// <exception cref="DemoFailedException">It exits with anything but 0.</exception>
    public async Task<string> RunBesideAsync(string program, CancellationToken cancel, params IReadOnlyList<string> arguments)
    {
        // The command may be a link: what belongs to it lies beside the file that the link leads to.
        string installed = File.ResolveLinkTarget(orchestrator, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(orchestrator);
        string path = Path.Combine(Path.GetDirectoryName(installed)!, program);
        CommandResult result = await RunProgramAsync(path, arguments, line: null, cancel);
        return result.ExitCode == 0 ? result.Output : throw new DemoFailedException($"{program} exited with {result.ExitCode}:\n{result.Error}");
    }

    /// <summary>Starts <c>orchestrator</c> as a service that runs until it is disposed of.</summary>
    /// <param name="log">File for everything that it prints.</param>
    /// <param name="arguments">What follows the program's name.</param>
    public Service Start(string log, params IReadOnlyList<string> arguments) => new(Launch(orchestrator, arguments), log);

    private static async Task<CommandResult> RunProgramAsync(string program, IReadOnlyList<string> arguments, Action<string>? line, CancellationToken cancel)
    {
        using Process process = Launch(program, arguments);
        process.StandardInput.Close();
        Task<string> output = ReadLinesAsync(process.StandardOutput, line, cancel);
        Task<string> error = process.StandardError.ReadToEndAsync(cancel);
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new CommandResult(process.ExitCode, await output, await error);
    }

    private static async Task<string> ReadLinesAsync(StreamReader reader, Action<string>? line, CancellationToken cancel)
    {
        var all = new StringBuilder();
        while (await reader.ReadLineAsync(cancel) is { } read)
        {
            line?.Invoke(read);
            all.Append(read).Append('\n');
        }

        return all.ToString();
    }

    private static Process Launch(string program, IReadOnlyList<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        }) ?? throw new DemoFailedException($"{program} does not start.");
}

/// <summary>A process in the background, with its output in a file.</summary>
internal sealed class Service : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;

    public Service(Process process, string log)
    {
        _process = process;
        _log = new StreamWriter(log) { AutoFlush = true };
        process.OutputDataReceived += Write;
        process.ErrorDataReceived += Write;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Log = log;
    }

    public string Log { get; }

    /// <summary>Waits until the service has written its address into <paramref name="readyFile"/>.</summary>
    public async Task<Uri> ReadyAsync(string readyFile, CancellationToken cancel)
    {
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(readyFile)!, Path.GetFileName(readyFile));
        var appeared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Created += (_, _) => appeared.TrySetResult();
        watcher.Renamed += (_, _) => appeared.TrySetResult();
        watcher.EnableRaisingEvents = true;
        if (!File.Exists(readyFile))
        {
            Task ended = _process.WaitForExitAsync(cancel);
            if (await Task.WhenAny(appeared.Task, ended) == ended)
            {
                throw new DemoFailedException($"A service ended before it was ready; see {Log}:\n{await ReadLogAsync()}");
            }
        }

        return new Uri((await File.ReadAllTextAsync(readyFile, cancel)).Trim());
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        lock (_log)
        {
            _log.Dispose();
        }
    }

    private async Task<string> ReadLogAsync()
    {
        await using var stream = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    private void Write(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
        {
            return;
        }

        lock (_log)
        {
            if (_log.BaseStream is { CanWrite: true })
            {
                _log.WriteLine(line.Data);
            }
        }
    }
}

/// <summary>The demonstration did not go as it must.</summary>
internal sealed class DemoFailedException(string message) : Exception(message);
