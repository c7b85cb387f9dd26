using System.Text.Json;
using Orchestrator.Attestation.Groups;

namespace Orchestrator.Cli.Tests.Groups;

/// <summary>What an operator sees and does while a group runs.</summary>
public sealed class RunningGroupTests(GroupFixture group) : IClassFixture<GroupFixture>
{
    [Fact]
    public async Task State_TellsWhatIsMounted_WhatRuns_AndWhatItCanStillBe()
    {
        CliOutcome said = await GroupFixture.AskAsync("state");
        JsonElement state = (await GroupFixture.AskAsync("state", "--json")).Json;

        Assert.Equal((0, ""), (said.ExitCode, said.Error));
        Assert.StartsWith($"policy {group.Policy}\n", said.Output, StringComparison.Ordinal);
        Assert.Contains("can still be talk: sh -c echo hello", said.Output, StringComparison.Ordinal);
        Assert.Contains("exec echo from inside, ", said.Output, StringComparison.Ordinal);
        Assert.Contains("signals 9, 15, streams open", said.Output, StringComparison.Ordinal);
        Assert.Contains("streams stay inside", said.Output, StringComparison.Ordinal);
        Assert.Equal(group.Policy, state.GetProperty("policy").GetString());
        Assert.Single(state.GetProperty("layers").EnumerateObject());
        Assert.Equal(["quiet running", "talk running"], state.GetProperty("containers").EnumerateArray().Select(one => $"{one.GetProperty("name")} {one.GetProperty("condition")}").Order());
    }

    [Fact]
    public async Task Exec_PrintsWhatTheProcessWrites_AndEndsAsItDid()
    {
        CliOutcome echo = await GroupFixture.AskAsync("exec", "talk", "--", "echo", "from", "inside");
        CliOutcome wrong = await GroupFixture.AskAsync("exec", "talk", "--", "sh", "-c", "echo wrong >&2; exit 7");

        Assert.Equal((0, "from inside\n", ""), (echo.ExitCode, echo.Output, echo.Error));
        Assert.Equal((7, "", "wrong\n"), (wrong.ExitCode, wrong.Output, wrong.Error));
    }

    [Fact]
    public async Task StreamsThatThePolicyKeepsInside_AreNeitherPrintedNorKept()
    {
        CliOutcome exec = await GroupFixture.AskAsync("exec", "quiet", "--", "echo", "secret");
        CliOutcome logs = await GroupFixture.AskAsync("logs", "quiet");

        Assert.Equal((0, "", ""), (exec.ExitCode, exec.Output, exec.Error));
        Assert.Equal((0, "", ""), (logs.ExitCode, logs.Output, logs.Error));
        Assert.Equal((0, true, true), await LoggedAsync("hello\n", "trouble\n"));
    }

    [Theory]
    [InlineData("exec", 5, "guest-denied", "the policy permits echo from inside", "talk", "--", "echo", "from", "outside")]
    [InlineData("exec", 5, "guest-denied", "invalid command", "quiet", "--", "sh")]
    [InlineData("signal", 5, "guest-denied", "signal", "talk", "10")]
    [InlineData("signal", 3, "cbor-out-of-range", "signal", "talk", "65")]
    [InlineData("signal", 2, "cli-usage", "Cannot parse", "talk", "TERM")]
    [InlineData("exec", 6, "group-container-unknown", "it has talk, quiet", "gone", "--", "echo")]
    [InlineData("logs", 6, "group-container-unknown", "it has talk, quiet", "gone")]
    [InlineData("signal", 6, "group-container-unknown", "it has talk, quiet", "gone", "15")]
    public async Task WhatThePolicyOrTheGroupDoesNotHave_IsRefused_AndSaysWhatItHas(string command, int exitCode, string code, string words, params string[] arguments)
    {
        CliOutcome refused = await GroupFixture.AskAsync(command, arguments);

        Assert.Equal((exitCode, code, ""), (refused.ExitCode, refused.Code, refused.Output));
        Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        Assert.Contains("\nremedy: ", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decisions_ListWhatWasDoneAndWhatWasRefused_AsTheGroupSignedIt()
    {
        CliOutcome refused = await GroupFixture.AskAsync("exec", "--json", "talk", "--", "reboot");
        CliOutcome said = await GroupFixture.AskAsync("decisions");
        JsonElement decisions = (await GroupFixture.AskAsync("decisions", "--json")).Json;

        Assert.Equal("guest-denied", JsonDocument.Parse(refused.Error).RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.StartsWith("    1  Done    set_policy", said.Output, StringComparison.Ordinal);
        Assert.Contains("Refused exec_in_container", said.Output, StringComparison.Ordinal);
        Assert.Contains("\nhead ", said.Output, StringComparison.Ordinal);
        Assert.Equal(group.Policy, decisions.GetProperty("policy").GetString());
        Assert.Contains(decisions.GetProperty("decisions").EnumerateArray(), entry =>
            entry.GetProperty("outcome").GetString() == "refused" && entry.GetProperty("reasons").EnumerateArray().Any(reason => reason.GetString() == "invalid command"));
    }

    [Fact]
    public async Task Evidence_IsOfThisGroup_AndItsReportStandsBeforeWhoJudgesIt()
    {
        CliOutcome shown = await GroupFixture.AskAsync("evidence", "--out", group.Folder["evidence.cbor"], "--report", group.Folder["report.bin"], "--json");
        string measurement = (await Command.RunAsync("group", "measure")).Output.Trim();
        GroupEvidence evidence = GroupEvidence.Parse(await File.ReadAllBytesAsync(group.Folder["evidence.cbor"], TestContext.Current.CancellationToken));
        Task<CliOutcome> VerifyAsync(params IEnumerable<string> more) => Command.RunAsync(
        [
            "evidence", "verify", group.Folder["report.bin"], "--certs", group.Folder["psp/chain.pem"], "--roots", group.Folder["psp/ark.pem"], "--crl", group.Folder["psp/crl.der"],
            "--allow", "simulated", "--allow", "sandbox", "--measurement", measurement, "--report-data", Convert.ToHexStringLower(evidence.Binding.ReportData), .. more,
        ]);

        Assert.Equal((group.Policy, measurement), (shown.Json.GetProperty("policy").GetString(), shown.Json.GetProperty("measurement").GetString()));
        Assert.Equal(await File.ReadAllBytesAsync(group.Folder["agent.cose"], TestContext.Current.CancellationToken), evidence.Endorsement!.Value.ToArray());
        Assert.Equal(measurement, (await Command.RunAsync("shim", "measure", "--json")).Json.GetProperty("measurement").GetString());
        CliOutcome accepted = await VerifyAsync("--policy-digest", group.Policy, "--endorsement", group.Folder["agent.cose"], "--endorser", group.Issuer);
        Assert.True(accepted.ExitCode == 0, accepted.Error);
        Assert.EndsWith("verdict: accepted\n", accepted.Output, StringComparison.Ordinal);
        Assert.Contains("snp-endorsement-missing", (await VerifyAsync("--policy-digest", group.Policy, "--endorser", group.Issuer)).Error, StringComparison.Ordinal);
        CliOutcome unnamed = await Command.RunAsync("evidence", "verify", group.Folder["report.bin"], "--certs", group.Folder["psp/chain.pem"], "--roots", group.Folder["psp/ark.pem"]);
        Assert.Contains("snp-simulated, snp-sandbox", unnamed.Error, StringComparison.Ordinal);
        Assert.Contains("snp-policy-digest", (await VerifyAsync("--policy-digest", new string('0', 64))).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evidence_ThatCannotBeWritten_IsAStorageFailure()
    {
        CliOutcome failed = await GroupFixture.AskAsync("evidence", "--out", group.Folder["gone/evidence.cbor"]);

        Assert.Equal((6, "storage-missing", ""), (failed.ExitCode, failed.Code, failed.Output));
    }

    [Fact]
    public async Task SecondGroup_OfTheSameName_IsRefused()
    {
        CliOutcome second = await Command.RunAsync("group", "run", group.Folder["group.yaml"], "--name", GroupFixture.Name, "--psp", group.Folder["psp"]);

        Assert.Equal((7, "group-name-taken", ""), (second.ExitCode, second.Code, second.Output));
    }

    [Fact]
    public async Task Commands_OfWhoIsNotTheAdministrator_GetNoAnswer()
    {
        await using Command state = Command.StartAsNobody(Command.Program, "group", "state", "--name", GroupFixture.Name);

        CliOutcome refused = await state.EndAsync();

        Assert.Equal((8, "channel-closed", ""), (refused.ExitCode, refused.Code, refused.Output));
    }

    private static async Task<(int, bool, bool)> LoggedAsync(string output, string error)
    {
        CliOutcome logs = await GroupFixture.AskAsync("logs", "talk");
        return (logs.ExitCode, logs.Output.Contains(output, StringComparison.Ordinal), logs.Output.Contains(error, StringComparison.Ordinal));
    }
}
