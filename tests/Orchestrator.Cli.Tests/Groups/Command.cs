using System.Diagnostics;
using System.Text;

namespace Orchestrator.Cli.Tests.Groups;

/// <summary>The command in a process of its own, as an operator's shell starts it.</summary>
internal sealed class Command : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Task _output;
    private readonly Task _error;
    private readonly StringBuilder _said = new();
    private readonly StringBuilder _noted = new();
    private readonly SemaphoreSlim _more = new(0);

    private Command(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _output = CopyAsync(_process.StandardOutput, _said);
        _error = CopyAsync(_process.StandardError, _noted);
    }

    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "orchestrator");

    public int Id => _process.Id;

    /// <summary>Starts the command. Who runs the tests in the background has left them to ignore Ctrl-C; the command does not inherit that.</summary>
    public static Command Start(params IEnumerable<string> arguments) => new(new ProcessStartInfo("env", ["--default-signal=INT", Program, .. arguments]));

    /// <summary>Starts any program as a user who is not the administrator.</summary>
    public static Command StartAsNobody(string program, params IEnumerable<string> arguments) =>
        new(new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", program, .. arguments]) { Environment = { ["HOME"] = "/tmp" } });

    /// <summary>Runs the command to its end.</summary>
    public static async Task<CliOutcome> RunAsync(params IEnumerable<string> arguments)
    {
        await using Command command = Start(arguments);
        return await command.EndAsync();
    }

    public async Task<CliOutcome> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        await Task.WhenAll(_output, _error);
        return new CliOutcome(_process.ExitCode, Text(_said), Text(_noted));
    }

    /// <summary>Waits until it has written all of these, to whichever stream.</summary>
    public async Task UntilAsync(params string[] texts)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!texts.All(text => Text(_said).Contains(text, StringComparison.Ordinal) || Text(_noted).Contains(text, StringComparison.Ordinal)))
        {
            Assert.False(_output.IsCompleted && _error.IsCompleted && _more.CurrentCount == 0, $"The command ended without writing {string.Join(", ", texts)}:\n{Text(_said)}{Text(_noted)}");
            await _more.WaitAsync(patience.Token);
        }
    }

    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await Task.WhenAll(_output, _error);
        _process.Dispose();
        _more.Dispose();
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private async Task CopyAsync(StreamReader from, StringBuilder to)
    {
        char[] buffer = new char[4096];
        while (await from.ReadAsync(buffer) is > 0 and var count)
        {
            lock (to)
            {
                to.Append(buffer, 0, count);
            }

            _more.Release();
        }

        _more.Release();
    }
}
