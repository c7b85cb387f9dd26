using Orchestrator.Tests;

namespace Orchestrator.Cli.Tests;

/// <summary>Fragments are verified and loaded from the command line, as a guest would.</summary>
public sealed class PolicyExtendTests : IDisposable
{
    private const string Now = "2026-07-01T00:00:00Z";

    private readonly Cli _cli = new();
    private readonly Publisher _publisher = new();

    public PolicyExtendTests()
    {
        _cli.Write("policy.rego", $$"""
            package policy
            api_version := "0.10.0"
            framework_version := "0.4.1"
            fragments := [{"issuer": "{{_publisher.Issuer}}", "feed": "parent", "minimum_svn": "2", "includes": ["external_processes", "fragments"]}]
            load_fragment := data.framework.load_fragment
            """);
        Publish("parent.cose", "parent", "2", $$"""fragments := [{"issuer": "{{_publisher.Issuer}}", "feed": "child", "minimum_svn": "1", "includes": ["external_processes"]}]""");
        Publish("child.cose", "child", "1", """external_processes := [{"command": ["ls", "-l"], "env_rules": [], "working_dir": "/", "allow_stdio_access": true}]""");
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Extend_InOrder_PrintsWhatEachAdds()
    {
        CliOutcome outcome = await _cli.MustRunAsync("policy", "extend", _cli["policy.rego"], _cli["parent.cose"], _cli["child.cose"], "--at", Now);
        CliOutcome machine = await _cli.MustRunAsync("policy", "extend", _cli["policy.rego"], _cli["parent.cose"], _cli["child.cose"], "--at", Now, "--json");

        Assert.Contains($"parent svn 2 of {_publisher.Issuer}\n  adds fragment child svn 1 or later of {_publisher.Issuer}\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("  adds process beside them ls -l\n", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("ls", machine.Json[1].GetProperty("uses")[0].GetProperty("external_processes")[0][0].GetString());
    }

    [Fact]
    public async Task Extend_WhatThePolicyDoesNotAdmit_NamesTheNearest()
    {
        Publish("old.cose", "parent", "1", "");
        Publish("other.cose", "other", "2", "");

        await RefusedAsync("fragment-refused", 5, "asked for child svn 1 of", "child.cose");
        await RefusedAsync("fragment-refused", 5, "fragment svn is below the specified minimum: asked for parent svn 1 of", "old.cose");
        await RefusedAsync("fragment-refused", 5, "the policy permits parent svn 2 or later of", "other.cose");
    }

    [Fact]
    public async Task Extend_WhatIsNotWhatItSays_IsRefused()
    {
        byte[] forged = File.ReadAllBytes(_cli["parent.cose"]);
        forged[^1] ^= 1;
        File.WriteAllBytes(_cli["forged.cose"], forged);
        _cli.Write("text.cose", "package mine\n");

        await RefusedAsync("fragment-invalid", 4, "not signed by", "forged.cose");
        await RefusedAsync("fragment-invalid", 4, "cannot be read", "text.cose");
        Assert.Equal("fragment-invalid", (await _cli.RunAsync("policy", "extend", _cli["policy.rego"], _cli["parent.cose"], "--at", "2029-01-01T00:00:00Z")).Code);
    }

    private async Task RefusedAsync(string code, int exit, string words, string file)
    {
        CliOutcome outcome = await _cli.RunAsync("policy", "extend", _cli["policy.rego"], _cli[file], "--at", Now);

        Assert.Equal((exit, code), (outcome.ExitCode, outcome.Code));
        Assert.Contains(words, outcome.Error, StringComparison.Ordinal);
    }

    private void Publish(string file, string feed, string svn, string objects) =>
        File.WriteAllBytes(_cli[file], _publisher.Sign($"package mine\nsvn := \"{svn}\"\nframework_version := \"0.5.0\"\n{objects}\n", feed));
}
