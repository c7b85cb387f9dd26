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

    [Fact]
    public async Task Extend_AFragmentThatHasToBePublic_NeedsTheListOfServicesBeforeIt()
    {
        var trust = new Publisher();
        var ledger = new Ledger("ledger.example");
        var other = new Ledger("other.example");
        _cli.Write("public.rego", $$"""
            package policy
            api_version := "0.12.0"
            framework_version := "0.5.0"
            fragments := [{"issuer": "{{_publisher.Issuer}}", "feed": "feed", "minimum_svn": "1", "includes": ["external_processes"], "required_receipts": ["ledger.example"]}]
            transparency_trust_lists := [{"issuer": "{{trust.Issuer}}", "subject": "list", "minimum_svn": 2, "allowed_ledgers": ["*"]}]
            load_fragment := data.framework.load_fragment
            load_transparency_trust_list := data.framework.load_transparency_trust_list
            """);
        const string Text = "package mine\nsvn := \"2\"\nframework_version := \"0.5.0\"\nexternal_processes := [{\"command\": [\"ls\"], \"env_rules\": [], \"working_dir\": \"/\", \"allow_stdio_access\": true}]\n";
        File.WriteAllBytes(_cli["list.cose"], Ledger.TrustList(trust, "list", "2", ledger, other).Encode());
        File.WriteAllBytes(_cli["old-list.cose"], Ledger.TrustList(trust, "list", "1", ledger).Encode());
        File.WriteAllBytes(_cli["another-list.cose"], Ledger.TrustList(_publisher, "list", "2", ledger).Encode());
        File.WriteAllBytes(_cli["published.cose"], Ledger.Fragment(_publisher, Text, digest => ledger.Receipt(digest)));
        File.WriteAllBytes(_cli["elsewhere.cose"], Ledger.Fragment(_publisher, Text, digest => other.Receipt(digest)));
        Task<CliOutcome> ExtendAsync(params string[] files) => _cli.RunAsync(["policy", "extend", _cli["public.rego"], .. files.Select(file => _cli[file]), "--at", Now, "--json"]);

        CliOutcome done = await ExtendAsync("list.cose", "published.cose");
        CliOutcome said = await _cli.MustRunAsync("policy", "extend", _cli["public.rego"], _cli["list.cose"], "--at", Now);

        Assert.Equal(["ledger.example", "other.example"], done.Json[0].GetProperty("services").EnumerateArray().Select(service => service.GetString()));
        Assert.Equal("ls", done.Json[1].GetProperty("uses")[0].GetProperty("external_processes")[0][0].GetString());
        Assert.Equal($"{_cli["list.cose"]}: list svn 2 of {trust.Issuer}\n  trusts receipts of ledger.example\n  trusts receipts of other.example\n", said.Output);
        foreach ((string reason, string[] files) in new[]
        {
            ("missing receipt from ledger.example", new[] { "published.cose" }),
            ("missing receipt from ledger.example", ["list.cose", "elsewhere.cose"]),
            ("missing receipt from ledger.example", ["published.cose", "list.cose"]),
            ("transparency trust list svn is below the specified minimum", ["old-list.cose"]),
            ("invalid transparency trust list issuer or subject", ["another-list.cose"]),
        })
        {
            CliOutcome refused = await ExtendAsync(files);
            Assert.Equal((5, ""), (refused.ExitCode, refused.Output));
            Assert.Contains("fragment-refused", refused.Error, StringComparison.Ordinal);
            Assert.Contains(reason, refused.Error, StringComparison.Ordinal);
        }
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
