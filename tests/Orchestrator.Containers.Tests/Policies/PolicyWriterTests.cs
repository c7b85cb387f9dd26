using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Text;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Containers.Replays;
using Orchestrator.Containers.Tests.Enforcement;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Policies;

public sealed class PolicyWriterTests
{
    private static readonly string s_vectors = Path.Combine(Tree.Root, "..", "shared", "vectors");

    [Theory]
    [InlineData(PolicyShape.RuntimeTool)]
    [InlineData(PolicyShape.Azure)]
    [InlineData(PolicyShape.AzureIndented)]
    public void What_is_written_means_what_was_read(PolicyShape shape)
    {
        JsonNode recording = ReadSessions();
        foreach (JsonNode? session in recording["sessions"]!.AsArray())
        {
            string written = PolicyWriter.Write(PolicyReader.Read((string)session!["policy"]!), shape);
            session["policy"] = written;

            Assert.Equal(written, PolicyWriter.Write(PolicyReader.Read(written), shape));
        }

        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(recording.ToJsonString()));
        ReplayResult result = RecordedSessions.Replay(stream);

        Assert.Empty(result.Mismatches);
        Assert.Equal(200, result.Sessions);
    }

    [Fact]
    public void What_Azures_generator_wrote_is_written_to_the_byte()
    {
        int same = 0;
        foreach (JsonNode? session in ReadSessions()["sessions"]!.AsArray())
        {
            string text = (string)session!["policy"]!;
            if (text.Contains("external_processes", StringComparison.Ordinal) || !text.Contains("framework_version := \"0.4.1\"", StringComparison.Ordinal))
            {
                // The generator writes no processes beside the containers, and older versions have signals that are not written.
                continue;
            }

            bool indented = text.Contains("containers := [\n", StringComparison.Ordinal);
            Assert.Equal(text, PolicyWriter.Write(PolicyReader.Read(text), indented ? PolicyShape.AzureIndented : PolicyShape.Azure));
            same++;
        }

        Assert.Equal(17, same);
    }

    [Theory]
    [InlineData(PolicyShape.RuntimeTool)]
    [InlineData(PolicyShape.Azure)]
    public void A_genuine_attested_policy_comes_back(PolicyShape shape)
    {
        string path = Path.Combine(s_vectors, "snp", "uvm_security_policy.base64");
        Assert.SkipUnless(File.Exists(path), "uvm_security_policy.base64 is not beside the tree.");
        ExecutionPolicy policy = PolicyReader.Read(Convert.FromBase64String(File.ReadAllText(path)));

        ExecutionPolicy again = PolicyReader.Read(PolicyWriter.Write(policy, shape));

        Assert.Equal(policy.ApiVersion, again.ApiVersion);
        Assert.Null(again.FrameworkVersion);
        Assert.Equal(policy.Points.OrderBy(point => point.Key), again.Points.OrderBy(point => point.Key));
        Assert.Equal(PointRule.AllowAllAndStreams, again.Points["create_container"]);
        Assert.Equal(policy.Flags, again.Flags);
    }

    [Theory]
    [InlineData("0.4.1")]
    [InlineData("0.5.0")]
    public void Text_that_needs_escapes_survives_every_shape(string framework)
    {
        string text = Policy.WithOneContainer(framework).Replace("\"working_dir\": \"/\"", "\"working_dir\": \"/<&>\\\"\\\\`\\u0001\\t\\r\\n ä😀\"", StringComparison.Ordinal);
        ExecutionPolicy policy = PolicyReader.Read(text);
        foreach (PolicyShape shape in Enum.GetValues<PolicyShape>())
        {
            Assert.Equal("/<&>\"\\`\u0001\t\r\n ä😀", PolicyReader.Read(PolicyWriter.Write(policy, shape)).Containers[0].WorkingDirectory);
        }
    }

    [Theory]
    [InlineData(PolicyShape.RuntimeTool)]
    [InlineData(PolicyShape.Azure)]
    [InlineData(PolicyShape.AzureIndented)]
    public void Fragments_and_platform_rules_come_back(PolicyShape shape)
    {
        string text = PolicyWriter.Write(
            PolicyReader.Read(Policy.WithOneContainer("0.5.0") + """

                fragments := [{"issuer": "i", "feed": "f", "minimum_svn": "2", "includes": ["containers", "platform_rules"], "required_receipts": ["*"], "parameters": {"port": [8000, null, true, {"a": "b"}]}}]
                transparency_trust_lists := [{"issuer": "i", "subject": "s", "minimum_svn": 0, "allowed_ledgers": ["*"]}]
                platform_rules := [{"env_rules": [{"name": "A", "name_strategy": "string", "value": ".*", "value_strategy": "re2", "required": true}], "mounts": [{"destination": "/m", "source": "plan9://", "type": "bind", "options": []}]}]
                """),
            shape);
        ExecutionPolicy policy = PolicyReader.Read(text);

        FragmentReference fragment = Assert.Single(policy.Fragments);
        Assert.Equal([FragmentInclude.Containers, FragmentInclude.PlatformRules], fragment.Includes);
        Assert.Equal(new SecurityVersion.Whole(2), fragment.MinimumSvn);
        Assert.Equal(["*"], fragment.RequiredReceipts);
        Assert.True(Assert.Single(policy.TrustLists).Allows("any"));
        Assert.Equal(4, Assert.IsType<ArrayNode>(fragment.Parameters["port"]).Items.Length);
        Assert.True(Assert.Single(Assert.Single(policy.PlatformRules).Environment).Permits("A=x"));
        Assert.Equal(text, PolicyWriter.Write(policy, shape));
    }

    [Theory]
    [InlineData(PolicyShape.RuntimeTool)]
    [InlineData(PolicyShape.Azure)]
    public void A_container_without_a_command_stays_one_that_cannot_be_created(PolicyShape shape)
    {
        string text = Policy.WithOneContainer("0.5.0").Replace("[\"/bin/prepare\"]", "null", StringComparison.Ordinal);
        var group = new Group(PolicyWriter.Write(PolicyReader.Read(text), shape));
        group.Prepare(Group.Id('a'), '1', 1);

        CreateContainer request = Group.Create(Group.Id('a'));
        group.Refuse(request, "invalid command");
        group.Refuse(request with { Process = request.Process with { Command = [] } }, "invalid command");
    }

    [Fact]
    public void The_runtime_tools_shape_is_a_member_a_line()
    {
        string text = PolicyWriter.Write(PolicyReader.Read(Policy.WithOneContainer("0.5.0")), PolicyShape.RuntimeTool);

        Assert.StartsWith("package policy\n\napi_version := \"0.10.0\"\nframework_version := \"0.5.0\"\n\ncontainers := [\n    {\n        \"command\": [\"/bin/prepare\"],\n", text, StringComparison.Ordinal);
        Assert.Contains("        \"env_rules\": [{\"pattern\": \"A=.*\", \"strategy\": \"re2\", \"required\": false}],\n", text, StringComparison.Ordinal);
        Assert.Contains("        \"capabilities\": {\n            \"bounding\": [\"CAP_KILL\"],\n", text, StringComparison.Ordinal);
        Assert.Contains("        \"no_new_privileges\": true,\n    },\n]\nallow_properties_access := false\n", text, StringComparison.Ordinal);
        Assert.EndsWith("scratch_unmount := data.framework.scratch_unmount\nreason := data.framework.reason\n", text, StringComparison.Ordinal);
    }

    private static JsonNode ReadSessions()
    {
        string path = Path.Combine(s_vectors, "policy", "sessions.json.gz");
        Assert.SkipUnless(File.Exists(path), "sessions.json.gz is not beside the tree.");
        using FileStream file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        return JsonNode.Parse(gzip, documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!;
    }
}
