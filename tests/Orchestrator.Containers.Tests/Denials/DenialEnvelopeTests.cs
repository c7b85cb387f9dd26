using System.Text.Json.Nodes;
using Orchestrator.Containers.Denials;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Tests.Enforcement;

namespace Orchestrator.Containers.Tests.Denials;

public sealed class DenialEnvelopeTests
{
    private static readonly GroupEnvironment s_environment = new() { DefaultCapabilities = ["CAP_CHOWN"], DefaultPrivilegedCapabilities = ["CAP_SYS_ADMIN"] };
    private static readonly string s_id = Group.Id('a');

    [Fact]
    public void A_refusal_names_request_decision_and_reason()
    {
        JsonObject decision = Deny(Group.Create(s_id) with { SeccompProfile = "cd" }, out string envelope);

        Assert.StartsWith("policyDecision< ", envelope, StringComparison.Ordinal);
        Assert.EndsWith(" >policyDecision", envelope, StringComparison.Ordinal);
        Assert.Equal("deny", (string?)decision["decision"]);
        Assert.Equal("create_container", (string?)decision["input"]!["rule"]);
        Assert.Equal("invalid seccomp", (string?)decision["reason"]!["errors"]![0]);
        Assert.Equal("/bin/prepare", (string?)decision["reason"]!["error_objects"]![0]!["command"]![0]);
        Assert.Null(decision["truncated"]);
    }

    [Fact]
    public void Values_of_variables_are_left_out_and_default_capabilities_abbreviated()
    {
        CreateContainer create = Group.Create(s_id);
        create = create with
        {
            Process = create.Process with { Environment = ["KEY=hush=hush", "EMPTY"] },
            Privileges = create.Privileges with { Capabilities = new(["CAP_CHOWN"], ["CAP_CHOWN"], [], ["CAP_CHOWN"], []) },
        };

        JsonObject decision = Deny(create, out _);

        Assert.Equal("""["KEY=\u003C\u003Credacted\u003E\u003E","EMPTY=\u003C\u003Credacted\u003E\u003E"]""", decision["input"]!["envList"]!.ToJsonString());
        Assert.DoesNotContain("hush", decision.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("[unprivileged]", (string?)decision["input"]!["capabilities"]);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1_200, "reason.error_objects")]
    [InlineData(4_000, "reason.error_objects,input")]
    public void What_is_too_long_is_left_out_in_order_and_named(int length, string truncated)
    {
        CreateContainer create = Group.Create(s_id);
        JsonObject decision = Deny(create with { SeccompProfile = "cd", SandboxDirectory = new string('x', length) }, out string envelope);

        Assert.True(envelope.Length <= DenialEnvelope.MaxLength);
        Assert.Equal(truncated, string.Join(',', decision["truncated"]?.AsArray().Select(name => (string?)name) ?? []));
        Assert.Equal(length < 4_000, decision["input"] is not null);
        Assert.Equal("invalid seccomp", (string?)decision["reason"]!["errors"]![0]);
    }

    [Fact]
    public void Even_reasons_are_left_out_when_they_are_too_long()
    {
        CreateContainer create = Group.Create(s_id);
        JsonObject decision = Deny(create with { Process = create.Process with { Environment = [.. Enumerable.Range(0, 1000).Select(i => $"VARIABLE_{i}=")] } }, out string envelope);

        Assert.True(envelope.Length <= DenialEnvelope.MaxLength);
        Assert.Equal(["reason.error_objects", "input", "reason"], decision["truncated"]!.AsArray().Select(name => (string?)name));
    }

    [Fact]
    public void A_missing_rule_is_the_policys_error()
    {
        JsonObject decision = Deny(new FlaggedAccess("host_network"), out _, Policy.WithOneContainer("0.5.0").Replace("api_version := \"0.10.0\"", "api_version := \"0.12.0\"", StringComparison.Ordinal));

        Assert.Equal("rule for host_network is missing from policy", (string?)decision["policyError"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("policyDecision< AAAA")]
    [InlineData("policyDecision< %%% >policyDecision")]
    [InlineData("policyDecision< AAAA >policyDecision")]
    public void What_is_no_envelope_is_none(string message) => Assert.Null(DenialEnvelope.Find(message));

    private static JsonObject Deny(EnforcementRequest request, out string envelope, string? text = null)
    {
        ExecutionPolicy policy = PolicyReader.Read(text ?? Policy.WithOneContainer("0.5.0"));
        var engine = new PolicyEngine(policy, s_environment);
        GroupState state = engine.Decide(GroupState.Initial, new MountDevice("/run/mounts/scsi/m1", Group.Hash('1'), Group.DevicePattern)).Next;
        state = engine.Decide(state, new MountOverlay(s_id, ["/run/mounts/scsi/m1"], "/o")).Next;
        Decision decision = engine.Decide(state, request);
        Assert.False(decision.Allowed);

        envelope = new DenialEnvelope(policy, s_environment).Write(state, request, decision);

        return DenialEnvelope.Find("the guest refused: " + envelope + "\n") ?? throw new InvalidOperationException("There is no envelope.");
    }
}
