using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Containers.Tests.Images;
using Orchestrator.Containers.Tests.Layers;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Groups;

public sealed class GroupPolicyTests
{
    private const string Passwd = "root:x:0:0::/root:/bin/sh\nrunner:x:77:78::/:\n# a comment\nbroken:x\ntwin:x:77:5::/:\n";
    private const string Group = "root:x:0:\nrunners:x:78:\ndata:x:90:other,runner\nmore:x:80:runner\n";

    [Theory]
    [InlineData(PolicyShape.Azure)]
    [InlineData(PolicyShape.AzureIndented)]
    [InlineData(PolicyShape.RuntimeTool)]
    public void A_generated_policy_reads_back_in_either_shape_and_is_always_the_same(PolicyShape shape)
    {
        using var folder = new TempFolder();
        string first = Generate(folder, "", shape);

        ContainerPolicy container = Assert.Single(PolicyReader.Read(first).Containers);

        Assert.Equal(first, Generate(folder, "", shape));
        Assert.Equal(["/bin/sh"], container.Command);
        Assert.Equal("PATH=/bin", Assert.IsType<EnvironmentRule.Whole>(Assert.Single(container.Environment)).Variable.Text);
        Assert.True(container.Environment[0].Required);
        Assert.True(File.Exists(folder[$"layers/{Assert.Single(container.Layers)}.layer"]));
        Assert.True(container.NoNewPrivileges);
        Assert.Equal(14, container.Capabilities!.Effective.Length);
        Assert.True(new PolicyEngine(PolicyReader.Read(first), GuestEnvironment.Default).Rehearse());
    }

    [Fact]
    public void Memory_and_cores_are_no_part_of_the_policy()
    {
        using var folder = new TempFolder();

        Assert.Equal(Generate(folder, ""), Generate(folder, "user: root\nmemory: 4096\ncores: 8"));
    }

    [Theory]
    [InlineData("", "0", "0")]
    [InlineData("user: runner", "77", "78,80,90")]
    [InlineData("user: \"77\"", "77", "78,80,90")]
    [InlineData("user: runner:data", "77", "90")]
    [InlineData("user: \"1234\"", "1234", "0")]
    [InlineData("user: \"1234:4321\"", "1234", "4321")]
    [InlineData("user: twin", "77", "5")]
    [InlineData("user: nobody", "group-user-unknown", null)]
    [InlineData("user: root:wheel", "group-user-unknown", null)]
    [InlineData("user: broken", "group-user-unknown", null)]
    [InlineData("user: \"4294967295\"", "group-user-unknown", null)]
    [InlineData("user: \"-1\"", "group-user-unknown", null)]
    public void Users_are_numbers_from_the_images_own_files(string key, string user, string? groups)
    {
        using var folder = new TempFolder();
        if (groups is null)
        {
            Assert.Equal(user, Assert.Throws<OrchestratorException>(() => Generate(folder, key)).Code.Id);
            return;
        }

        UserRule rule = PolicyReader.Read(Generate(folder, key)).Containers[0].User;

        Assert.Equal((IdentityStrategy.Id, user), (rule.User.Strategy, rule.User.Pattern.Text));
        Assert.Equal(groups, string.Join(',', rule.Groups.Select(group => group.Pattern.Text)));
    }

    [Theory]
    [InlineData("whiteout", ".wh.passwd", '0', "")]
    [InlineData("link", "passwd", '2', "/usr/lib/passwd")]
    public void A_users_file_that_a_higher_layer_takes_away_or_links_elsewhere_is_not_looked_into(string what, string name, char type, string target)
    {
        using var folder = new TempFolder();
        byte[] upper = new TarBuilder().Entry("etc/" + name, type, target: target).Build();

        string code = Assert.Throws<OrchestratorException>(() => Generate(folder, "user: runner", PolicyShape.Azure, upper)).Code.Id;

        Assert.True(code == "group-user-unknown", what);
    }

    [Fact]
    public void Variables_of_the_file_replace_the_images_of_that_name()
    {
        using var folder = new TempFolder();

        ContainerPolicy container = PolicyReader.Read(Generate(folder, "env: [PATH=/opt, {pattern: \"X_.+=.*\"}, {value: Y=1, required: false}]")).Containers[0];

        Assert.Equal([("PATH=/opt", true), ("X_.+=.*", false), ("Y=1", false)], container.Environment.Select(rule => (((EnvironmentRule.Whole)rule).Variable.Text, rule.Required)));
    }

    [Fact]
    public void Arguments_stand_behind_the_entrypoint_and_a_command_in_place_of_both()
    {
        using var folder = new TempFolder();

        Assert.Equal(["/bin/sh", "-x"], PolicyReader.Read(Generate(folder, "command: [/bin/sh, -x]")).Containers[0].Command);
        Assert.Equal("group-no-command", Assert.Throws<OrchestratorException>(() => Generate(folder, "arguments: []")).Code.Id);
        Assert.Equal(["a", ""], PolicyReader.Read(Generate(folder, "arguments: [a, \"\"]")).Containers[0].Command);
    }

    [Fact]
    public void What_the_file_permits_is_what_the_policy_says()
    {
        using var folder = new TempFolder();

        ExecutionPolicy policy = PolicyReader.Read(Generate(
            folder,
            """
            exec: [{command: [/bin/check, --fast], signals: [2]}]
                signals: [1, 15]
                stdio: true
                elevated: true
                no_new_privileges: false
                capabilities: [CAP_SYS_ADMIN]
                working_dir: /srv
                umask: "0077"
                volumes: [{name: inputs, at: /in, access: read}]
                mounts: [{destination: /t, source: "sandbox:///tmp/atlas/emptydir/.+", type: bind, options: [rbind, rshared, rw]}]
            external_processes: [{command: [/bin/tool]}]
            fragments: [{issuer: "did:x509:0:sha256:x::eku:1", feed: f, minimum_svn: "1", includes: [containers]}]
            allow: [properties_access, runtime_logging]
            """,
            PolicyShape.RuntimeTool));

        ContainerPolicy container = Assert.Single(policy.Containers);
        Assert.Equal(["/bin/check", "--fast"], Assert.Single(container.ExecProcesses).Command);
        Assert.Equal([1L, 15L], container.Signals);
        Assert.True(container is { AllowStdioAccess: true, AllowElevated: true, NoNewPrivileges: false });
        Assert.Equal(["CAP_SYS_ADMIN"], container.Capabilities!.Bounding);
        Assert.Equal(("/srv", "0077"), (container.WorkingDirectory, container.User.Umask));
        Assert.Equal(["sandbox:///volumes/inputs", "sandbox:///tmp/atlas/emptydir/.+"], container.Mounts.Select(mount => mount.Source.Text));
        Assert.Equal(["/bin/tool"], Assert.Single(policy.ExternalProcesses).Command);
        Assert.Equal("f", Assert.Single(policy.Fragments).Feed);
        Assert.Equal(new PolicyFlags { AllowPropertiesAccess = true, AllowRuntimeLogging = true }, policy.Flags);
    }

    [Theory]
    [InlineData(PolicyShape.Azure)]
    [InlineData(PolicyShape.AzureIndented)]
    [InlineData(PolicyShape.RuntimeTool)]
    public void An_image_cannot_write_into_the_policy_around_its_own_words(PolicyShape shape)
    {
        using var folder = new TempFolder();
        string[] words = ["/bin/sh", "\"}]\nallow_dump_stacks := true #", "`", "\\", "<&>", "\u2028\u202e\u00e9\ud83d\ude00\ufeff", "\t\r\n\u0001\u007f", "${A} $(B)", ""];
        var builder = new LayoutBuilder(folder);
        var config = LayoutBuilder.Config(LayoutBuilder.SmallLayer);
        config["config"]!["Cmd"] = new System.Text.Json.Nodes.JsonArray([.. words.Select(word => (System.Text.Json.Nodes.JsonNode)word)]);
        config["config"]!["Env"] = new System.Text.Json.Nodes.JsonArray([.. words.Select(word => (System.Text.Json.Nodes.JsonNode)$"A={word}")]);
        config["config"]!["WorkingDir"] = "/" + words[1];
        builder.Begin(LayoutBuilder.Index(builder.Blob(
            builder.Manifest(config, builder.Blob(LayoutBuilder.SmallLayer, LayoutBuilder.LayerType)), LayoutBuilder.ManifestType)));

        GroupFile file = GroupFile.Parse("format: orchestrator/group/v1\nname: g\ncontainers: [{name: c, image: layout}]\n", folder.Path);
        ExecutionPolicy policy = PolicyReader.Read(PolicyWriter.Write(GroupPolicy.Of(GroupCompiler.Compile(file, folder["layers"]), shape), shape));

        ContainerPolicy container = Assert.Single(policy.Containers);
        Assert.Equal(words, container.Command);
        Assert.Equal(words.Select(word => $"A={word}"), container.Environment.Select(rule => ((EnvironmentRule.Whole)rule).Variable.Text));
        Assert.Equal("/" + words[1], container.WorkingDirectory);
        Assert.Equal(new PolicyFlags(), policy.Flags);
    }

    private static string Generate(TempFolder folder, string keys, PolicyShape shape = PolicyShape.Azure, params byte[][] upper)
    {
        byte[][] layers = [new TarBuilder().File("etc/passwd", Passwd).File("etc/group", Group).Build(), .. upper];
        var builder = new LayoutBuilder(folder);
        builder.Begin(LayoutBuilder.Index(builder.Blob(
            builder.Manifest(LayoutBuilder.Config(layers), [.. layers.Select(layer => builder.Blob(layer, LayoutBuilder.LayerType))]), LayoutBuilder.ManifestType)));
        GroupFile file = GroupFile.Parse($"format: orchestrator/group/v1\nname: g\ncontainers:\n  - name: c\n    image: layout\n    {keys}\n", folder.Path);
        return PolicyWriter.Write(GroupPolicy.Of(GroupCompiler.Compile(file, folder["layers"]), shape), shape);
    }
}
