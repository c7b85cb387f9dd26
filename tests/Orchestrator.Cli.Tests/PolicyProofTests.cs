using System.Text.Json;

namespace Orchestrator.Cli.Tests;

/// <summary>Claims about policies are answered from the command line, and what breaks one can be replayed.</summary>
public sealed class PolicyProofTests : IDisposable
{
    private const string Points = """
        mount_device := data.framework.mount_device
        mount_overlay := data.framework.mount_overlay
        create_container := data.framework.create_container
        exec_in_container := data.framework.exec_in_container
        """;

    private readonly Cli _cli = new();

    public PolicyProofTests()
    {
        _cli.Write("good.rego", Policy(Container("join", "", false)));
        _cli.Write("misleading.rego", Policy(Container("join", "", false), Container("decoy", "DEBUG=1|LD_.*=.*", true)));
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Prove_WhatHolds_EndsWell()
    {
        CliOutcome proved = await _cli.MustRunAsync("policy", "prove", _cli["good.rego"], "--assert", "stdout of join stays inside", "--assert", "never env LD_PRELOAD");

        Assert.Equal((0, ""), (proved.ExitCode, proved.Error));
        Assert.Contains("holds    stdout of join stays inside", proved.Output, StringComparison.Ordinal);
        Assert.Contains("no refusal changed anything", proved.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prove_WhatIsBroken_PrintsRequestsThatReplay()
    {
        CliOutcome broken = await _cli.RunAsync(
            "policy", "prove", _cli["misleading.rego"], "--assert", "stdout of join stays inside", "--assert", "never env LD_PRELOAD", "--counterexample", _cli["broken.json"]);

        Assert.Equal((5, "proof-broken"), (broken.ExitCode, broken.Code));
        Assert.Contains("broken   stdout of join stays inside", broken.Output, StringComparison.Ordinal);
        Assert.Contains("streams open", broken.Output, StringComparison.Ordinal);
        CliOutcome replayed = await _cli.MustRunAsync("policy", "replay", _cli["broken.json"]);
        Assert.Equal("sessions=2 steps=6 mismatches=0\n", replayed.Output);
    }

    [Fact]
    public async Task Prove_Json_HasVerdictsAndRequests()
    {
        JsonElement proved = (await _cli.RunAsync("policy", "prove", _cli["misleading.rego"], "--assert", "stdout of join stays inside", "--assert", "never env LD_PRELOAD in container join", "--json")).Json;

        JsonElement[] answers = [.. proved.GetProperty("assertions").EnumerateArray()];
        Assert.Equal(["broken", "broken"], answers.Select(answer => answer.GetProperty("verdict").GetString()));
        Assert.Equal(["mount_device", "mount_overlay", "create_container"], answers[0].GetProperty("counterexample").EnumerateArray().Select(step => step.GetProperty("point").GetString()));
        Assert.Contains(proved.GetProperty("risks").EnumerateArray(), risk => risk.GetProperty("kind").GetString() == "streams that the host gets");
        Assert.Equal(22, proved.GetProperty("steps").GetArrayLength());
    }

    [Fact]
    public async Task Prove_WhatIsNotUnderstood_IsRefused()
    {
        Assert.Equal("proof-assertion", (await _cli.RunAsync("policy", "prove", _cli["good.rego"], "--assert", "join is safe")).Code);
        Assert.Equal("proof-subject", (await _cli.RunAsync("policy", "prove", _cli["good.rego"], "--assert", "stdout of jion stays inside")).Code);
        Assert.Equal("policy-syntax", (await _cli.RunAsync("policy", "prove", _cli.Write("broken.rego", "package policy\nallow { true }"))).Code);
    }

    [Fact]
    public async Task Explain_ReadsBase64_AndPrintsRisksFirst()
    {
        string path = _cli.Write("policy.b64", Convert.ToBase64String(File.ReadAllBytes(_cli["misleading.rego"])));

        string words = (await _cli.MustRunAsync("policy", "explain", path)).Output;

        Assert.True(words.IndexOf("may get LD_", StringComparison.Ordinal) is > 0 and var risk && risk < words.IndexOf("Image of layers", StringComparison.Ordinal), words);
    }

    [Fact]
    public async Task Diff_SaysWhatIsNew()
    {
        Assert.Equal("nothing is newly allowed\n", (await _cli.MustRunAsync("policy", "diff", _cli["good.rego"], _cli["good.rego"])).Output);
        Assert.Contains("could not be told from others", (await _cli.MustRunAsync("policy", "diff", _cli["misleading.rego"], _cli["good.rego"])).Output, StringComparison.Ordinal);
        Assert.Contains("opens its streams", (await _cli.MustRunAsync("policy", "diff", _cli["good.rego"], _cli["misleading.rego"])).Output, StringComparison.Ordinal);
    }

    private static string Policy(params string[] containers) =>
        $"package policy\napi_version := \"0.10.0\"\nframework_version := \"0.5.0\"\ncontainers := [{string.Join(", ", containers)}]\n{Points}\n";

    private static string Container(string name, string variable, bool streams) => $$"""
        {"name": "{{name}}", "command": ["/bin/join"], "env_rules": [{"pattern": "{{variable}}", "strategy": "re2", "required": false}],
         "layers": ["{{new string('1', 64)}}"], "mounts": [], "exec_processes": [], "signals": [],
         "user": {"user_idname": {"pattern": "1000", "strategy": "id"}, "group_idnames": [], "umask": "0022"},
         "capabilities": {"bounding": [], "effective": [], "inheritable": [], "permitted": [], "ambient": []},
         "seccomp_profile_sha256": "ab", "allow_elevated": false, "working_dir": "/", "allow_stdio_access": {{(streams ? "true" : "false")}}, "no_new_privileges": true}
        """;
}
