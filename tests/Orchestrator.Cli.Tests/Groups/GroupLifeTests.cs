using System.Text.Json;
using Orchestrator.Attestation;
using Orchestrator.Uvm;

namespace Orchestrator.Cli.Tests.Groups;

/// <summary>How groups start and end, and what is refused before they do.</summary>
public sealed class GroupLifeTests : IDisposable
{
    private readonly GroupFolder _folder = new();
    private readonly string _name = "life-" + System.Security.Cryptography.RandomNumberGenerator.GetHexString(16);

    public GroupLifeTests() => GroupFolder.SkipUnlessRunnable();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_ToTheEnd_PrintsTheOutputAndHowEachContainerEnded_AndEndsLikeTheFirstThatFailed()
    {
        string group = _folder.Write("group.yaml", GroupFolder.OneContainer("echo out; echo err >&2; exit 9"));

        CliOutcome said = await Command.RunAsync(Run(group));
        CliOutcome machine = await Command.RunAsync(Run(group, "--json"));

        Assert.Equal((9, "out\nonly: ended with 9\n"), (said.ExitCode, said.Output));
        Assert.Contains("err\n", said.Error, StringComparison.Ordinal);
        Assert.Equal((9, "out\nerr"), (machine.ExitCode, string.Join('\n', machine.Error.Split('\n').Where(line => line is "out" or "err").OrderDescending())));
        Assert.Equal(9, machine.Json.GetProperty("containers")[0].GetProperty("exit_code").GetInt32());
    }

    [Fact]
    public async Task Signal_EndsAContainer_AndStop_AGroup()
    {
        string group = _folder.Write("group.yaml", GroupFolder.OneContainer("echo ready; exec sleep 1000"));
        await using (Command run = Command.Start(Run(group)))
        {
            await run.UntilAsync("ready\n");
            CliOutcome sent = await AskAsync("signal", "only", "9");
            CliOutcome ended = await run.EndAsync();

            Assert.Equal((0, "sent\n"), (sent.ExitCode, sent.Output));
            Assert.Equal((137, "ready\nonly: ended with 137\n"), (ended.ExitCode, ended.Output));
        }

        await using (Command run = Command.Start(Run(group)))
        {
            await run.UntilAsync("ready\n");
            CliOutcome stop = await AskAsync("stop", "--json");
            CliOutcome ended = await run.EndAsync();

            Assert.Equal((0, true), (stop.ExitCode, stop.Json.GetProperty("stopped").GetBoolean()));
            Assert.Equal((0, "ready\nstopped\n"), (ended.ExitCode, ended.Output));
        }

        await AssertGoneAsync();
    }

    [Theory]
    [InlineData("HUP", 129)]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Run_Interrupted_EndsTheGroupWithAllThatRunsInIt(string signal, int exitCode)
    {
        string group = _folder.Write("group.yaml", GroupFolder.OneContainer("echo ready; exec sleep 1000"));
        await using Command run = Command.Start(Run(group));
        await run.UntilAsync("ready\n");
        int[] guests = [.. Descendants(run.Id)];

        run.Signal(signal);
        CliOutcome ended = await run.EndAsync();

        Assert.Equal((exitCode, "ready\n"), (ended.ExitCode, ended.Output));
        Assert.NotEmpty(guests);
        Assert.All(guests, guest => Assert.False(Directory.Exists($"/proc/{guest}")));
        await AssertGoneAsync();
    }

    [Fact]
    public async Task Shim_ThatIsKilled_EndsCommandsThatWait_AndTheNextOnesSayThatNothingRuns()
    {
        string group = _folder.Write("group.yaml", GroupFolder.TwoContainers);
        await using Command run = Command.Start(Run(group));
        await run.UntilAsync("quiet: started");
        await using Command waiting = Command.Start("group", "exec", "--name", _name, "talk", "--", "sleep", "999");
        await UntilAsync(async () => (await AskAsync("decisions")).Output.Contains("exec_in_container", StringComparison.Ordinal));

        run.Signal("KILL");
        CliOutcome cut = await waiting.EndAsync();

        Assert.Equal((8, "channel-closed", ""), (cut.ExitCode, cut.Code, cut.Output));
        await AssertGoneAsync();
    }

    [Theory]
    [InlineData("container:", "yaml-", "group.yaml:")]
    [InlineData("image: gone.tar", "", "gone.tar")]
    [InlineData("image: text.tar", "image-", "text.tar")]
    [InlineData("user: nobody-here", "group-user-unknown", "nobody-here")]
    [InlineData("signals: [65]", "yaml-", "group.yaml:")]
    public async Task GroupFile_ThatIsWrong_IsRefusedBeforeAnythingStarts(string line, string code, string words)
    {
        string text = GroupFolder.OneContainer("true");
        _folder.Write("text.tar", "no archive\n");
        text = line.StartsWith("image:", StringComparison.Ordinal) ? text.Replace("image: busybox.tar", line, StringComparison.Ordinal)
            : line == "container:" ? text.Replace("containers:", line, StringComparison.Ordinal) : $"{text}    {line}\n";

        CliOutcome refused = await Command.RunAsync(Run(_folder.Write("group.yaml", text)));

        Assert.NotEqual(0, refused.ExitCode);
        Assert.StartsWith(code, refused.Code, StringComparison.Ordinal);
        Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        Assert.Equal("", refused.Output);
        Assert.False(Directory.Exists(_folder["psp"]));
    }

    [Fact]
    public async Task Policy_OfAnotherGroup_LetsNothingStart()
    {
        string policy = (await Command.RunAsync("policy", "generate", _folder.Write("other.yaml", GroupFolder.OneContainer("false")))).Output;
        string group = _folder.Write("group.yaml", GroupFolder.OneContainer("true"));

        CliOutcome refused = await Command.RunAsync(Run(group, "--policy", _folder.Write("policy.rego", policy)));
        CliOutcome none = await Command.RunAsync(Run(group, "--policy", _folder.Write("none.rego", "no policy\n")));

        Assert.Equal((5, "guest-denied", ""), (refused.ExitCode, refused.Code, refused.Output));
        Assert.Contains("invalid command", refused.Error, StringComparison.Ordinal);
        Assert.Equal((3, "policy-syntax"), (none.ExitCode, none.Code));
    }

    [Fact]
    public async Task Endorsement_OfSomethingElse_IsRefusedBeforeAnythingStarts()
    {
        using SimulatedPublisher publisher = SimulatedPublisher.Open(_folder["publisher"], TimeProvider.System);
        await File.WriteAllBytesAsync(_folder["other.cose"], publisher.Endorse(Measurement.Of("another agent"u8)), TestContext.Current.CancellationToken);
        _folder.Write("none.cose", "none");
        string group = _folder.Write("group.yaml", GroupFolder.OneContainer("true"));

        Assert.Equal((7, "shim-endorsement-foreign"), await EndAsync(Run(group, "--endorsement", _folder["other.cose"])));
        Assert.Equal((4, "snp-endorsement-invalid"), await EndAsync(Run(group, "--endorsement", _folder["none.cose"])));
        Assert.Equal((6, "storage-missing"), await EndAsync(Run(group, "--endorsement", _folder["gone.cose"])));
        Assert.Equal((7, "shim-endorsement-foreign"), await EndAsync("shim", "run", "--state", _folder["shim"], "--psp", _folder["psp"], "--endorsement", _folder["other.cose"]));
        Assert.Equal((2, "cli-usage"), await EndAsync("group", "endorse", "--publisher", _folder["publisher"]));
        Assert.Equal((6, "uvm-image-missing"), await EndAsync("group", "endorse", "--publisher", _folder["publisher"], "--uvm", _folder["gone"]));
    }

    [Theory]
    [InlineData("state")]
    [InlineData("exec", "only", "--", "true")]
    [InlineData("logs", "only")]
    [InlineData("signal", "only", "9")]
    [InlineData("stop")]
    [InlineData("decisions")]
    [InlineData("evidence", "--out", "evidence.cbor")]
    public async Task Command_WhereNothingRuns_SaysSo(params string[] arguments) =>
        Assert.Equal((6, "group-not-running"), await EndAsync(["group", .. arguments[..1], "--name", _name, .. arguments[1..]]));

    [Fact]
    public async Task Command_ToAGroupOfSomebodyElses_IsNotSent()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "python3 is not installed.");
        await using Command squatter = Command.StartAsNobody(
            "/usr/bin/python3", "-c", $"import socket,time; s=socket.socket(socket.AF_UNIX); s.bind('\\0orchestrator/group/{_name}'); s.listen(); print('up', flush=True); time.sleep(1000)");
        await squatter.UntilAsync("up");

        Assert.Equal((6, "group-not-running"), await EndAsync("group", "state", "--name", _name));
    }

    [Fact]
    public async Task Run_ByWhoIsNotTheAdministrator_IsRefused()
    {
        string group = _folder.Write("group.yaml", GroupFolder.OneContainer("true"));
        File.SetUnixFileMode(_folder[""], (UnixFileMode)0b111_111_111);
        await using Command run = Command.StartAsNobody(Command.Program, Run(group));

        CliOutcome refused = await run.EndAsync();

        Assert.Equal((2, "group-needs-root", ""), (refused.ExitCode, refused.Code, refused.Output));
    }

    [Fact]
    public async Task Shim_TellsWhatItServes_AndEndsInOrder()
    {
        string group = _folder.Write("group.yaml", GroupFolder.OneContainer("true"));
        string digest = (await Command.RunAsync("policy", "generate", group, "--json")).Json.GetProperty("digest").GetString()!;
        string measurement = (await Command.RunAsync("shim", "measure")).Output.Trim();
        await using Command shim = Command.Start("shim", "run", "--state", _folder["shim"], "--group", group, "--ready-file", _folder["shim.url"]);
        await shim.UntilAsync("group one ");
        string address = await File.ReadAllTextAsync(_folder["shim.url"], TestContext.Current.CancellationToken);

        (int, string?) taken = await EndAsync("shim", "run", "--state", _folder["shim"], "--listen", new Uri(address).Authority);
        (int, string?) wrong = await EndAsync("shim", "run", "--state", _folder["shim"], "--group", _folder["gone.yaml"]);
        (int, string?) usage = await EndAsync("shim", "run", "--listen", "somewhere");
        shim.Signal("TERM");
        CliOutcome ended = await shim.EndAsync();

        Assert.Equal(((8, "shim-listen-failed"), (6, "storage-missing")), (taken, wrong));
        Assert.Equal(2, usage.Item1);
        Assert.Equal(0, ended.ExitCode);
        Assert.StartsWith($"address {address}\nroot {_folder["shim/psp/ark.pem"]}\nmeasurement {measurement}\n", ended.Output, StringComparison.Ordinal);
        Assert.Contains($"group one azure {digest}\n", ended.Output, StringComparison.Ordinal);
    }

    private string[] Run(string group, params string[] more) => ["group", "run", group, "--name", _name, "--psp", _folder["psp"], .. more];

    private Task<CliOutcome> AskAsync(string command, params string[] arguments) => Command.RunAsync(["group", command, "--name", _name, .. arguments]);

    private async Task AssertGoneAsync() => Assert.Equal("group-not-running", (await AskAsync("state")).Code);

    private static async Task<(int ExitCode, string? Code)> EndAsync(params IEnumerable<string> arguments)
    {
        CliOutcome outcome = await Command.RunAsync(arguments);
        Assert.Equal("", outcome.Output);
        return (outcome.ExitCode, outcome.Code);
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(Command.Patience);
        while (!await isSo())
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    private static IEnumerable<int> Descendants(int id) => Directory.GetDirectories($"/proc/{id}/task")
        .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(child => int.Parse(child, System.Globalization.CultureInfo.InvariantCulture))
        .SelectMany(child => Descendants(child).Append(child))
        .ToList();
}
