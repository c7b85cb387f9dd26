using Orchestrator.Errors;

namespace Orchestrator.Sdk.Tests.Local;

/// <summary>What goes wrong when the programs do; with the real ones it is the notebook's tests that start it.</summary>
public class LocalClusterTests
{
    private const string Measures = """
        #!/bin/sh
        zeros=$(printf '%096d' 0)
        echo "{\"ccu\": \"$zeros\", \"icu\": \"$zeros\", \"tiles\": \"$zeros\"}"
        """;

    // The last argument is the ready file.
    private const string Serves = """
        #!/bin/sh
        for last; do :; done
        echo http://127.0.0.1:9 > "$last"
        exec sleep 600
        """;

    private const string Ends = """
        #!/bin/sh
        echo "the port is taken" >&2
        exit 3
        """;

    [Theory]
    [InlineData(null, null)]
    [InlineData("#!/bin/sh\necho nonsense", null)]
    [InlineData("#!/bin/sh\necho '{\"ccu\": 1}'", null)]
    [InlineData("#!/bin/sh\necho '{\"ccu\": \"12\", \"icu\": \"34\", \"tiles\": \"56\"}'", null)]
    [InlineData(Measures, null)]
    [InlineData(Measures, Ends)]
    [InlineData(Measures, Serves)]
    public async Task Start_ProgramsMissingOrFailing_HasOneCode(string? command, string? device)
    {
        using var folder = new TemporaryFolder();
        Install(folder["orchestrator"], command);
        Install(folder["Orchestrator.Device"], device);

        OrchestratorException failure = await Assert.ThrowsAsync<OrchestratorException>(
            () => LocalCluster.StartAsync(folder["cluster"], folder.Path, TestContext.Current.CancellationToken));

        Assert.Equal(PartyErrors.ServiceNotStarted, failure.Code);
    }

    [Fact]
    public async Task Start_ServiceThatEnds_LeavesWhatItSaidInItsLog()
    {
        using var folder = new TemporaryFolder();
        Install(folder["orchestrator"], Measures);
        Install(folder["Orchestrator.Device"], Ends);

        await Assert.ThrowsAsync<OrchestratorException>(() => LocalCluster.StartAsync(folder["cluster"], folder.Path, TestContext.Current.CancellationToken));

        Assert.Equal("the port is taken\n", await File.ReadAllTextAsync(folder["cluster/device.log"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Start_Cancelled_Stops()
    {
        using var folder = new TemporaryFolder();
        Install(folder["orchestrator"], Measures);
        Install(folder["Orchestrator.Device"], "#!/bin/sh\nexec sleep 600");
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LocalCluster.StartAsync(folder["cluster"], folder.Path, cancel.Token));
    }

    [Fact]
    public async Task Dispose_Twice_EndsBothServices()
    {
        using var folder = new TemporaryFolder();
        Install(folder["orchestrator"], Measures);
        Install(folder["Orchestrator.Device"], Serves.Replace("exec", "echo $$ > \"$last.pid\"\nexec", StringComparison.Ordinal));
        Install(folder["Orchestrator.Host"], Serves.Replace("exec", "echo $$ > \"$last.pid\"\nexec", StringComparison.Ordinal));

        LocalCluster cluster = await LocalCluster.StartAsync(folder["cluster"], folder.Path, TestContext.Current.CancellationToken);
        await cluster.DisposeAsync();
        await cluster.DisposeAsync();

        Assert.All(["device", "host"], service => Assert.False(Directory.Exists($"/proc/{File.ReadAllText(folder[$"cluster/{service}.url.pid"]).Trim()}")));
    }

    private static void Install(string path, string? script)
    {
        if (script is not null)
        {
            File.WriteAllText(path, script);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
