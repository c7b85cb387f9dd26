using System.Diagnostics;

namespace Orchestrator.Cli.Tests;

/// <summary>The command as the shell sees it.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly Cli _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Command_OnPipes_PutsDataOnStandardOutputAndTheRestOnStandardError()
    {
        using Process init = Start(["party", "init", "lab", "--home", _cli["lab"]], Cli.Passphrase);
        string output = await init.StandardOutput.ReadToEndAsync();
        string error = await init.StandardError.ReadToEndAsync();
        await WaitAsync(init);

        Assert.Equal(0, init.ExitCode);
        Assert.StartsWith("orchestrator-party:lab:", output, StringComparison.Ordinal);
        Assert.Single(output.TrimEnd('\n').Split('\n'));
        Assert.Contains("back the folder up", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_WithoutPassphraseOrTerminal_DoesNotWait()
    {
        using Process init = Start(["party", "init", "lab", "--home", _cli["lab"]], passphrase: null);
        await WaitAsync(init);
        Assert.Equal(2, init.ExitCode);
    }

    [Theory]
    [InlineData("HUP", 129)]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Seal_Signalled_LeavesNothingHalfWritten(string signal, int exitCode)
    {
        await _cli.MustRunAsync("party", "init", "lab", "--home", _cli["lab"]);
        Directory.CreateDirectory(_cli["out"]);
        _cli.Write("schema.yaml", Samples.Schema);
        using (Process make = Process.Start("mkfifo", [_cli["endless.csv"]]))
        {
            make.WaitForExit();
        }

        using Process seal = Start(["data", "seal", _cli["endless.csv"], "--schema", _cli["schema.yaml"], "-o", _cli["out/x.itx"], "--home", _cli["lab"]], Cli.Passphrase);
        Task writes = Task.Run(() =>
        {
            using var pipe = new StreamWriter(_cli["endless.csv"]);
            pipe.WriteLine("height,weight,sick");
            for (bool signalled = false; ; pipe.WriteLine("1.8,77,0"))
            {
                if (!signalled && Directory.EnumerateFileSystemEntries(_cli["out"]).Any())
                {
                    Signal(seal, signal);
                    signalled = true;
                }
            }
        });
        await WaitAsync(seal);

        await Assert.ThrowsAsync<IOException>(() => writes);
        Assert.Equal(exitCode, seal.ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_cli["out"]));
    }

    [Fact]
    public async Task Seal_RawFromAPipe_SealsWhatCameThroughIt()
    {
        await _cli.MustRunAsync("party", "init", "lab", "--home", _cli["lab"]);
        string orchestrator = Path.Combine(AppContext.BaseDirectory, "orchestrator");
        _cli.Write("passphrase", Cli.Passphrase);
        string keys = $"--home {_cli["lab"]} --passphrase-file {_cli["passphrase"]}";
        using Process seal = Start("/bin/sh", "-c", $"echo piped | {orchestrator} data seal --raw /dev/stdin -o {_cli["x.itx"]} {keys}");
        string error = await seal.StandardError.ReadToEndAsync();
        await WaitAsync(seal);

        Assert.Contains("6 records of 1 byte", error, StringComparison.Ordinal);
        Assert.Equal(0, seal.ExitCode);
    }

    [Fact]
    public async Task Results_ThatCannotBeWritten_AreAFailureOfTheDisk()
    {
        using Process full = Start("/bin/sh", "-c", $"exec {Path.Combine(AppContext.BaseDirectory, "orchestrator")} device measure >/dev/full");
        Assert.Contains("error: storage-full: ", await full.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        await WaitAsync(full);
        Assert.Equal((int)Orchestrator.Errors.ErrorClass.Storage, full.ExitCode);
    }

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public async Task Messages_ThatCannotBeWritten_ChangeNoExitCode(string redirection)
    {
        using Process mute = Start("/bin/sh", "-c", $"exec {Path.Combine(AppContext.BaseDirectory, "orchestrator")} program inspect /nowhere.pt {redirection}");
        await WaitAsync(mute);
        Assert.Equal((int)Orchestrator.Errors.ErrorClass.NotFound, mute.ExitCode);
    }

    [Fact]
    public async Task Agent_Interrupted_EndsInOrderLikeAnInterruptedShellCommand()
    {
        await _cli.MustRunAsync("party", "init", "lab", "--home", _cli["lab"]);
        _cli.Write("policy.yaml", Samples.Policy);

        // `host run` becomes the host program: its process id, standard streams and signals are that program's.
        using Process host = Start(["host", "run", "--state", _cli["host"], "--listen", "127.0.0.1:0", "--ready-file", _cli["host.url"]], null);
        host.OutputDataReceived += (_, _) => { };
        host.BeginOutputReadLine();
        host.ErrorDataReceived += (_, _) => { };
        host.BeginErrorReadLine();
        string url = await WhenWrittenAsync(_cli["host.url"]);

        using Process agent = Start(["agent", "run", "--home", _cli["lab"], "--policy", _cli["policy.yaml"], "--host", url.Trim()], Cli.Passphrase);
        await WhenSaidAsync(agent.StandardError, "attending");
        Signal(agent, "INT");
        await WaitAsync(agent);
        Signal(host, "TERM");
        await WaitAsync(host);

        Assert.Equal(130, agent.ExitCode);
        Assert.Equal(0, host.ExitCode);
    }

    [Fact]
    public async Task Agent_WhoseHostIsAway_WaitsAndOtherCommandsFail()
    {
        await _cli.MustRunAsync("party", "init", "lab", "--home", _cli["lab"]);
        _cli.Write("policy.yaml", Samples.Policy);
        using var placeholder = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        placeholder.Start();
        string address = $"{placeholder.LocalEndpoint}";
        placeholder.Stop();

        CliOutcome list = await _cli.RunAsync("job", "list", "--home", _cli["lab"], "--host", $"https://{address}");
        Assert.Equal((int)Orchestrator.Errors.ErrorClass.Unavailable, list.ExitCode);

        using Process agent = Start(["agent", "run", "--home", _cli["lab"], "--policy", _cli["policy.yaml"], "--host", $"https://{address}"], Cli.Passphrase);
        await WhenSaidAsync(agent.StandardError, "waiting for the host: host-away");

        using Process host = Start(["host", "run", "--state", _cli["host"], "--listen", address], null);
        host.OutputDataReceived += (_, _) => { };
        host.BeginOutputReadLine();
        host.ErrorDataReceived += (_, _) => { };
        host.BeginErrorReadLine();
        await WhenSaidAsync(agent.StandardError, "attending");
        Signal(agent, "INT");
        await WaitAsync(agent);
        Signal(host, "TERM");
        await WaitAsync(host);

        Assert.Equal(130, agent.ExitCode);
    }

    private static Process Start(string[] arguments, string? passphrase)
    {
        // Whoever runs the tests in the background has left them to ignore Ctrl-C, and children inherit that.
        ProcessStartInfo start = StartInfo("env", ["--default-signal=INT", Path.Combine(AppContext.BaseDirectory, "orchestrator"), .. arguments]);
        start.Environment.Remove("ORCHESTRATOR_PASSPHRASE");
        if (passphrase is not null)
        {
            start.Environment["ORCHESTRATOR_PASSPHRASE"] = passphrase;
        }

        return Start(start);
    }

    private static Process Start(string program, params string[] arguments) => Start(StartInfo(program, arguments));

    private static ProcessStartInfo StartInfo(string program, string[] arguments) => new(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    private static Process Start(ProcessStartInfo start)
    {
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static void Signal(Process process, string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    private static async Task WaitAsync(Process process)
    {
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task WhenSaidAsync(StreamReader reader, string word)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (await reader.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Contains(word, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The process ended without saying \"{word}\".");
    }

    private static async Task<string> WhenWrittenAsync(string path)
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var changes = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            await changes.WaitForNextTickAsync(patience.Token);
        }

        return await File.ReadAllTextAsync(path, patience.Token);
    }
}
