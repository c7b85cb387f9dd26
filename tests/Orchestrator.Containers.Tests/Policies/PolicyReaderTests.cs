using Orchestrator.Containers.Policies;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Policies;

public sealed class PolicyReaderTests
{
    [Fact]
    public void Trailing_commas_raw_strings_comments_and_imports_are_read()
    {
        ExecutionPolicy policy = PolicyReader.Read(
            """
            package policy

            import future.keywords.every
            # A comment.
            api_svn := "0.10.0"
            framework_svn := "0.3.0"
            import future.keywords.in

            external_processes := [
                {
                    "command": ["ls", "-l",],
                    "env_rules": [{"pattern": `A="\d+"`, "strategy": "re2", "required": false},],
                    "working_dir": "\u003c/\u003e",
                    "allow_stdio_access": true,
                },
            ]
            allow_dump_stacks := true
            dump_stacks := data.framework.dump_stacks
            reason := {"errors": data.framework.errors}
            """);

        ExternalProcess process = Assert.Single(policy.ExternalProcesses);
        Assert.Equal(["ls", "-l"], process.Command);
        Assert.True(process.Environment[0].Permits("A=\"12\""));
        Assert.Equal("</>", process.WorkingDirectory);
        Assert.True(policy.Flags.AllowDumpStacks);
        Assert.False(policy.Flags.AllowRuntimeLogging);
        Assert.Equal(PointRule.Framework, policy.Points["dump_stacks"]);
    }

    /// <summary>As the published policy that admits everything has them.</summary>
    [Fact]
    public void A_rule_that_admits_everything_may_say_that_processes_get_what_is_asked_for()
    {
        ExecutionPolicy policy = PolicyReader.Read(
            """
            package policy

            api_version := "0.10.0"
            create_container := {"allowed": true, "env_list": null, "caps_list": null, "allow_stdio_access": true}
            exec_in_container := {"allowed": true, "env_list": null}
            exec_external := {"allowed": true, "env_list": null, "allow_stdio_access": true}
            """);

        Assert.Equal(PointRule.AllowAllAndStreams, policy.Points["create_container"]);
        Assert.Equal(PointRule.AllowAll, policy.Points["exec_in_container"]);
        Assert.Equal(PointRule.AllowAllAndStreams, policy.Points["exec_external"]);
    }

    [Theory]
    [InlineData("0.1.0", false, "0022", null, "", new long[] { 1, 9, 15 })]
    [InlineData("0.2.0", true, "0022", null, "", new long[] { 1, 9, 15 })]
    [InlineData("0.2.1", true, "0077", null, "", new long[] { 1, 9, 15 })]
    [InlineData("0.2.2", true, "0077", 1, "ab", new long[] { 1, 9, 15 })]
    [InlineData("0.4.1", true, "0077", 1, "ab", new long[] { 1 })]
    [InlineData("0.5.0", true, "0077", 1, "ab", new long[] { 1 })]
    public void What_a_policys_version_does_not_know_means_what_it_meant_then(
        string version, bool noNewPrivileges, string umask, int? capabilities, string seccomp, long[] signals)
    {
        ContainerPolicy container = Assert.Single(PolicyReader.Read(Policy.WithOneContainer(version)).Containers);

        Assert.Equal(noNewPrivileges, container.NoNewPrivileges);
        Assert.Equal(umask, container.User.Umask);
        Assert.Equal(capabilities, container.Capabilities?.Count);
        Assert.Equal(version == "0.2.2" ? "" : seccomp, container.SeccompProfile);
        Assert.Equal(signals, container.Signals);
    }

    [Theory]
    [InlineData("policy-syntax", "line 3, column 1", "package policy\n\nallow_all {\n  true\n}")]
    [InlineData("policy-syntax", "line 2, column 15", "package policy\nx := {\"a\": 1, \"a\": 2}")]
    [InlineData("policy-syntax", "line 2, column 6", "package policy\nx := 1.5")]
    [InlineData("policy-syntax", "line 2, column 6", "package policy\nx := \"open")]
    [InlineData("policy-syntax", "line 2, column 6", "package policy\nx := `open")]
    [InlineData("policy-syntax", "line 2, column 7", "package policy\nx := \"\\x\"")]
    [InlineData("policy-value", "line 2, column 52", "package policy\nexec_in_container := {\"allowed\": true, \"env_list\": [\"A=1\"]}")]
    [InlineData("policy-unsupported", "line 2, column 46", "package policy\ndump_stacks := {\"allowed\": true, \"env_list\": null}")]
    [InlineData("policy-syntax", "line 2, column 9", "package policy\nx := \"sh\\u0000x\"")]
    [InlineData("policy-syntax", "line 2, column 6", "package policy\nx := `sh\0x`")]
    [InlineData("policy-syntax", "line 2, column 6", "package policy\nx := \"\\ud800\"")]
    [InlineData("policy-syntax", "line 3, column 1", "package policy\nx := 1\nx := 2")]
    [InlineData("policy-syntax", "line 1, column 1", "package fragment\n")]
    [InlineData("policy-syntax", "line 1, column 1", "")]
    [InlineData("policy-unsupported", "line 2, column 1", "package policy\nimport data.other")]
    [InlineData("policy-unsupported", "line 2, column 17", "package policy\nmount_device := data.framework.get_properties")]
    [InlineData("policy-unsupported", "line 2, column 1", "package policy\nallow_everything := true")]
    [InlineData("policy-unsupported", "line 2, column 44", "package policy\nmount_device := {\"allowed\": true, \"extra\": 1}")]
    [InlineData("policy-unsupported", "line 2, column 62", "package policy\nexec_in_container := {\"allowed\": true, \"allow_stdio_access\": true}")]
    [InlineData("policy-unsupported", "line 2, column 1", "package policy\nplatform_rules := []\nframework_version := \"0.4.1\"")]
    [InlineData("policy-version", "line 2, column 22", "package policy\nframework_version := \"0.6.0\"")]
    [InlineData("policy-version", "line 2, column 16", "package policy\napi_version := \"1.0\"")]
    [InlineData("policy-version", "framework_version", "package policy\nmount_device := data.framework.mount_device")]
    [InlineData("policy-value", "line 2, column 22", "package policy\nallow_dump_stacks := 1")]
    public void What_the_engine_would_not_enforce_is_refused_where_it_stands(string code, string place, string text)
    {
        var refusal = Assert.Throws<OrchestratorException>(() => PolicyReader.Read(text));

        Assert.Equal(code, refusal.Code.Id);
        Assert.Contains(place, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("policy-unsupported", "\"allow_elevated\": false", "\"allow_elevatd\": true, \"allow_elevated\": false")]
    [InlineData("policy-value", "\"allow_elevated\": false,", "")]
    [InlineData("policy-value", "\"working_dir\": \"/\"", "\"working_dir\": null")]
    [InlineData("policy-pattern", "\"pattern\": \"A=.*\"", "\"pattern\": \"A=(?=b)\"")]
    [InlineData("policy-unsupported", "\"strategy\": \"re2\"", "\"strategy\": \"glob\"")]
    public void A_container_misspelt_is_refused(string code, string text, string replacement)
    {
        string policy = Policy.WithOneContainer("0.5.0");
        Assert.Contains(text, policy, StringComparison.Ordinal);

        var refusal = Assert.Throws<OrchestratorException>(() => PolicyReader.Read(policy.Replace(text, replacement, StringComparison.Ordinal)));

        Assert.Equal(code, refusal.Code.Id);
        Assert.Contains("line ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_is_too_deep_is_refused()
    {
        var refusal = Assert.Throws<OrchestratorException>(() => PolicyReader.Read("package policy\nx := " + new string('[', 100_000)));

        Assert.Equal("policy-too-large", refusal.Code.Id);
    }
}
