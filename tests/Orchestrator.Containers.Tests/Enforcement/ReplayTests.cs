using System.Text;
using System.Text.Json;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Replays;

namespace Orchestrator.Containers.Tests.Enforcement;

public sealed class ReplayTests
{
    [Fact]
    public void A_policy_that_cannot_be_read_refuses_every_request()
    {
        ReplayResult result = Replay("package policy\napi_version := \"0.10.0\"\nframework_version := \"9.0.0\"", """{"point": "get_properties", "input": {}, "allowed": false}""");

        Assert.Empty(result.Mismatches);
        Assert.Contains("framework_version 9.0.0 is newer", Assert.Single(result.Unread), StringComparison.Ordinal);
    }

    [Fact]
    public void An_incomplete_input_is_refused_by_the_framework_and_not_by_a_rule_that_admits_all()
    {
        const string Steps = """
            {"point": "mount_device", "input": {"target": "/x"}, "allowed": false},
            {"point": "create_container", "input": {}, "allowed": true, "allow_stdio_access": false},
            {"point": "exec_external", "input": {}, "allowed": true, "allow_stdio_access": true},
            {"point": "plan9_mount", "input": {}, "allowed": true},
            {"point": "scratch_mount", "input": {}, "allowed": true},
            {"point": "mount_cims", "input": {"containerID": "a"}, "allowed": false},
            {"point": "registry_changes", "input": {}, "allowed": true}
            """;

        ReplayResult result = Replay(
            """
            package policy
            api_version := "0.5.0"
            framework_version := "0.4.1"
            mount_device := data.framework.mount_device
            create_container := {"allowed": true}
            mount_cims := data.framework.mount_cims
            registry_changes := {"allowed": true}
            exec_external := {"allowed": true, "allow_stdio_access": true}
            """,
            Steps);

        Assert.Empty(result.Mismatches.Select(mismatch => mismatch.ToString()));
        Assert.Equal(7, result.Steps);
    }

    [Fact]
    public void A_signal_to_the_first_process_needs_no_command()
    {
        using var input = JsonDocument.Parse("""{"containerID": "a", "signal": 1, "isInitProcess": true}""");

        Assert.IsType<SignalProcess>(RequestJson.Read("signal_container_process", input.RootElement));
    }

    private static ReplayResult Replay(string policy, string steps)
    {
        string recording = $$"""{"default_mounts": [], "privileged_mounts": [], "default_capabilities": [], "sessions": [{"name": "s", "policy": {{JsonSerializer.Serialize(policy)}}, "steps": [{{steps}}]}]}""";
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(recording));
        return RecordedSessions.Replay(stream);
    }
}
