using System.Net;
using System.Net.Sockets;
using Orchestrator.Errors;
using Orchestrator.Host;

namespace Orchestrator.Cli.Tests;

/// <summary>What can go wrong between a command and a real host.</summary>
public sealed class HostBadInputTests : IAsyncLifetime
{
    private readonly Cli _cli = new();
    private HostServer _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await StartAsync("host-state");
        _cli.SetVariable("ORCHESTRATOR_HOST", _host.Address.ToString());
        foreach (string party in new[] { "lab", "clinic", "stranger" })
        {
            _cli.Write($"{party}.identity", (await _cli.MustRunAsync("party", "init", party, "--home", _cli[party])).Output);
        }

        File.Copy(Repository.PathOf("training", "programs", "wdbc_mlp.pt"), _cli["model.pt"]);
        _cli.Write("schema.yaml", Samples.Schema);
        _cli.Write("data.csv", Samples.Csv);
        await _cli.MustRunAsync("program", "seal", _cli["model.pt"], "-o", _cli["program.itx"], "--home", _cli["lab"]);
        await _cli.MustRunAsync("data", "seal", _cli["data.csv"], "--schema", _cli["schema.yaml"], "-o", _cli["data.itx"], "--home", _cli["clinic"]);
        _cli.Write("job.yaml", Samples.Job(File.ReadAllText(_cli["lab.identity"]), File.ReadAllText(_cli["clinic.identity"])));
        _cli.Write("policy.yaml", Samples.Policy);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _cli.Dispose();
    }

    [Fact]
    public async Task Push_TwiceAndAfterARestart_IsDoneOnce()
    {
        string first = (await _cli.MustRunAsync("data", "push", _cli["data.itx"], "--home", _cli["clinic"])).Output;
        int port = _host.Address.Port;
        await _host.DisposeAsync();
        _host = await StartAsync("host-state", port);

        Assert.Equal(first, (await _cli.MustRunAsync("data", "push", _cli["data.itx"], "--home", _cli["clinic"])).Output);
    }

    [Fact]
    public async Task Push_HostWithANewCertificate_IsRefusedUntilItsFingerprintIsGiven()
    {
        await _cli.MustRunAsync("data", "push", _cli["data.itx"], "--home", _cli["clinic"]);
        int port = _host.Address.Port;
        await _host.DisposeAsync();
        _host = await StartAsync("another-host-state", port);

        await MustFailAsync("host-certificate-changed", ErrorClass.Integrity, "data", "push", _cli["data.itx"], "--home", _cli["clinic"]);
        await _cli.MustRunAsync("data", "push", _cli["data.itx"], "--home", _cli["clinic"], "--fingerprint", _host.Fingerprint.ToString());
    }

    [Fact]
    public async Task Push_FileThatIsNotSealed_IsNotSent() =>
        await MustFailAsync("stream-foreign", ErrorClass.Input, "data", "push", _cli["data.csv"], "--home", _cli["clinic"]);

    [Fact]
    public async Task List_AtWhatSpeaksNoTls_IsAHostThatIsAway()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task answers = Task.Run(async () =>
        {
            using Socket plain = await listener.AcceptSocketAsync();
            await plain.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            await plain.ReceiveAsync(new byte[1 << 16]);
        });
        await MustFailAsync("host-away", ErrorClass.Unavailable, "job", "list", "--host", $"https://{listener.LocalEndpoint}", "--home", _cli["clinic"]);
        await answers;
    }

    [Fact]
    public async Task Agent_WithoutItsCollateral_DoesNotStart()
    {
        _cli.Write("bare.yaml", "format: orchestrator/release-policy/v1\nroots: []\ncollateral: nowhere.cose\n");
        await MustFailAsync("storage-missing", ErrorClass.NotFound, "agent", "run", "--policy", _cli["bare.yaml"], "--home", _cli["clinic"]);
    }

    [Fact]
    public async Task Push_TruncatedFile_IsNotSent()
    {
        byte[] whole = File.ReadAllBytes(_cli["data.itx"]);
        File.WriteAllBytes(_cli["data.itx"], whole[..60]);
        await MustFailAsync("stream-truncated", ErrorClass.Integrity, "data", "push", _cli["data.itx"], "--home", _cli["clinic"]);
    }

    [Fact]
    public async Task Push_OwnFileThatWasAltered_IsNotSent()
    {
        byte[] whole = File.ReadAllBytes(_cli["data.itx"]);
        (whole[^1], whole[^2]) = (whole[^2], (byte)(whole[^1] ^ 1));
        File.WriteAllBytes(_cli["data.itx"], whole);
        await MustFailAsync("stream-digest-mismatch", ErrorClass.Integrity, "data", "push", _cli["data.itx"], "--home", _cli["clinic"]);

        // Another's file is that one's to judge.
        await _cli.MustRunAsync("data", "push", _cli["data.itx"], "--home", _cli["lab"]);
    }

    [Fact]
    public async Task Init_SecondPartyOfTheSameName_IsTakenAtTheHost()
    {
        await _cli.MustRunAsync("job", "list", "--home", _cli["clinic"]);
        await _cli.MustRunAsync("party", "init", "clinic", "--home", _cli["impostor"]);
        await MustFailAsync("party-name-taken", ErrorClass.Conflict, "job", "list", "--home", _cli["impostor"]);
    }

    [Theory]
    [InlineData("review")]
    [InlineData("approve")]
    [InlineData("watch")]
    [InlineData("withdraw")]
    [InlineData("cancel")]
    public async Task Job_UnknownOrNotYours_IsNotFound(string verb)
    {
        string job = await ProposeAsync();
        await MustFailAsync("job-not-found", ErrorClass.NotFound, "job", verb, job, "--home", _cli["stranger"]);
        await MustFailAsync("job-not-found", ErrorClass.NotFound, "job", verb, new string('0', 64), "--home", _cli["lab"]);
    }

    [Fact]
    public async Task Approve_Twice_IsAConflict()
    {
        string job = await ProposeAsync();
        await _cli.MustRunAsync("job", "approve", job, "--home", _cli["clinic"]);
        await MustFailAsync("job-already-approved", ErrorClass.Conflict, "job", "approve", job, "--home", _cli["clinic"]);
    }

    [Fact]
    public async Task Propose_Twice_IsAConflict()
    {
        await ProposeAsync();
        await MustFailAsync("job-exists", ErrorClass.Conflict, "job", "propose", _cli["job.yaml"], "--home", _cli["lab"]);
    }

    [Fact]
    public async Task Propose_ByAPartyThatTheJobDoesNotName_IsRefused() =>
        await MustFailAsync("job-party-not-named", ErrorClass.Refused, "job", "propose", _cli["job.yaml"], "--home", _cli["stranger"]);

    [Fact]
    public async Task Cancel_ByAnother_IsRefused()
    {
        string job = await ProposeAsync();
        await MustFailAsync("job-not-proposer", ErrorClass.Refused, "job", "cancel", job, "--home", _cli["clinic"]);
    }

    [Fact]
    public async Task Result_OfAJobThatHasNone_SaysWhyAndWritesNothing()
    {
        string job = await ProposeAsync();
        string[] result = ["job", "result", job, "-o", _cli["out"], "--policy", _cli["policy.yaml"], "--home", _cli["lab"]];
        await MustFailAsync("job-not-completed", ErrorClass.Conflict, result);
        await _cli.MustRunAsync("job", "withdraw", job, "--reason", "second thoughts", "--home", _cli["clinic"]);
        await MustFailAsync("job-ended-without-result", ErrorClass.JobFailed, result);
    }

    [Fact]
    public async Task Watch_OfAJobThatEndedWithoutAResult_FailsAfterItsEvents()
    {
        string job = await ProposeAsync();
        await _cli.MustRunAsync("job", "cancel", job, "--home", _cli["lab"]);
        CliOutcome outcome = await _cli.RunAsync("job", "watch", job, "--home", _cli["lab"]);

        Assert.Equal("job-ended-without-result", outcome.Code);
        Assert.Equal((int)ErrorClass.JobFailed, outcome.ExitCode);
        Assert.Contains("proposed", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("Cancelled", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_WithAProgramThatIsNone_FindsIt()
    {
        CliOutcome outcome = await _cli.RunAsync("job", "plan", _cli["job.yaml"], "--program", _cli["data.csv"]);

        Assert.Equal("job-would-fail", outcome.Code);
        Assert.Contains("program-not-torchscript", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_WithAProgramThatDoesNotFitTheSchema_FindsIt()
    {
        CliOutcome outcome = await _cli.RunAsync("job", "plan", _cli["job.yaml"], "--program", Repository.PathOf("training", "programs", "wdbc_mlp.pt"), "--json");

        Assert.Equal((int)ErrorClass.Refused, outcome.ExitCode);
        Assert.Equal("program-fails", Assert.Single(outcome.Json.GetProperty("findings").EnumerateArray()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Inspect_OfAProgram_ListsItsParameters()
    {
        CliOutcome outcome = await _cli.MustRunAsync("program", "inspect", Repository.PathOf("training", "programs", "wdbc_mlp.pt"), "--json");
        Assert.Equal(4, outcome.Json.GetProperty("parameters").GetArrayLength());
    }

    [Fact]
    public async Task Inspect_OfWhatIsNoProgram_SaysSo()
    {
        await MustFailAsync("program-not-torchscript", ErrorClass.Input, "program", "inspect", _cli["data.csv"]);
        await MustFailAsync("storage-missing", ErrorClass.NotFound, "program", "inspect", _cli["nowhere.pt"]);
    }

    [Fact]
    public async Task Json_OfAFailure_IsOneLineOnStandardError()
    {
        CliOutcome outcome = await _cli.RunAsync("job", "approve", new string('0', 64), "--home", _cli["lab"], "--json");
        string line = Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'), line => line.StartsWith('{'));
        System.Text.Json.JsonElement error = System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("error");

        Assert.Equal("job-not-found", error.GetProperty("code").GetString());
        Assert.Equal(outcome.ExitCode, error.GetProperty("exit_code").GetInt32());
        Assert.NotEqual("", error.GetProperty("remedy").GetString());
        Assert.Empty(outcome.Output);
    }

    [Fact]
    public async Task Json_OfResults_IsJson()
    {
        string job = await ProposeAsync();
        CliOutcome list = await _cli.MustRunAsync("job", "list", "--home", _cli["lab"], "--json");
        CliOutcome approved = await _cli.MustRunAsync("job", "approve", job, "--home", _cli["clinic"], "--json");

        Assert.Equal(job, list.Json[0].GetProperty("job").GetString());
        Assert.Equal(2, approved.Json.GetProperty("missing_objects").GetArrayLength());
    }

    private async Task<string> ProposeAsync() =>
        (await _cli.MustRunAsync("job", "propose", _cli["job.yaml"], "--home", _cli["lab"])).Output.Trim();

    private Task<HostServer> StartAsync(string state, int port = 0) =>
        HostServer.StartAsync(new HostOptions { State = _cli[state], Listen = new IPEndPoint(IPAddress.Loopback, port) });

    private async Task MustFailAsync(string code, ErrorClass expected, params string[] arguments)
    {
        CliOutcome outcome = await _cli.RunAsync(arguments);
        string[] lines = outcome.Error.TrimEnd('\n').Split('\n');

        Assert.Equal(code, outcome.Code);
        Assert.Equal((int)expected, outcome.ExitCode);
        Assert.Single(lines, line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.StartsWith("remedy: ", lines[^1], StringComparison.Ordinal);
        Assert.Empty(outcome.Output);
        Assert.False(Directory.Exists(_cli["out"]));
    }
}
