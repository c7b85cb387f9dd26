using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Groups;

public sealed class GroupFileTests
{
    private const string Start = "format: orchestrator/group/v1\nname: g\ncontainers:\n  - name: c\n    image: i.tar\n";

    [Fact]
    public void The_specifications_example_is_read()
    {
        string spec = File.ReadAllText(Path.Combine(Tree.Root, "docs", "spec", "group.md"));
        string example = spec.Split("```yaml\n")[1].Split("```")[0];

        GroupFile group = GroupFile.Parse(example, "/groups");

        ContainerSection join = Assert.Single(group.Containers);
        Assert.Equal("/groups/images/busybox.tar", join.Image);
        Assert.Equal(["sh", "-c", "join -t, /inputs/east /inputs/west > /outputs/joined"], join.Command!);
        Assert.Equal([true, false], join.Environment.Select(rule => rule.Required));
        Assert.Equal(CapabilitySets.None, join.Capabilities);
        Assert.Equal(["rbind", "rprivate", "ro"], join.Volumes[0].Rule.Options);
        Assert.True(join.Volumes[1].Writable);
        Assert.Equal([15L], join.Signals);
        Assert.Equal(new GroupSize(2048, 4), group.Size);
    }

    [Fact]
    public void What_is_not_written_is_not_permitted()
    {
        GroupFile group = GroupFile.Parse(Start);

        ContainerSection container = Assert.Single(group.Containers);
        Assert.Equal(new PolicyFlags(), group.Flags);
        Assert.True(container.NoNewPrivileges);
        Assert.False(container.AllowElevated || container.AllowStdioAccess);
        Assert.Empty(container.ExecProcesses);
        Assert.Empty(container.Signals);
        Assert.Empty(container.Mounts);
    }

    [Theory]
    [InlineData("", 1024, 2)]
    [InlineData("memory: 512\n", 512, 2)]
    [InlineData("memory: 1048576\ncores: 64\n", 1048576, 64)]
    [InlineData("cores: 1\n", 1024, 1)]
    public void A_group_asks_for_memory_and_cores(string lines, int memory, int cores) =>
        Assert.Equal(new GroupSize(memory, cores), GroupFile.Parse(Start + lines).Size);

    [Theory]
    [InlineData("yaml-unknown-key", "group.yaml:6:5", "    stdoi: true\n")]
    [InlineData("yaml-value", "group.yaml:7:16", "    command: [sh]\n    arguments: [x]\n")]
    [InlineData("yaml-value", "group.yaml:6:14", "    command: []\n")]
    [InlineData("yaml-value", "group.yaml:6:11", "    env: [NAME]\n")]
    [InlineData("yaml-value", "group.yaml:6:11", "    env: [=value]\n")]
    [InlineData("yaml-value", "group.yaml:6:11", "    env: [{pattern: A=.*, value: A=1}]\n")]
    [InlineData("yaml-value", "group.yaml:6:21", "    env: [{pattern: \"A=(\"}]\n")]
    [InlineData("yaml-value", "group.yaml:6:18", "    working_dir: srv\n")]
    [InlineData("yaml-value", "group.yaml:6:12", "    umask: \"0888\"\n")]
    [InlineData("yaml-value", "group.yaml:6:15", "    signals: [0]\n")]
    [InlineData("yaml-value", "group.yaml:6:19", "    capabilities: all\n")]
    [InlineData("yaml-value", "group.yaml:6:20", "    capabilities: [NET_ADMIN]\n")]
    [InlineData("yaml-value", "group.yaml:6:21", "    seccomp_sha256: AB\n")]
    [InlineData("yaml-value", "group.yaml:6:41", "    volumes: [{name: a, at: /a, access: execute}]\n")]
    [InlineData("yaml-missing-key", "group.yaml:6:15", "    volumes: [{name: a, at: /a}]\n")]
    [InlineData("yaml-value", "group.yaml:6:22", "    volumes: [{name: ../a, at: /a, access: read}]\n")]
    [InlineData("yaml-value", "group.yaml:4:3", "  - name: c\n    image: j.tar\n")]
    [InlineData("yaml-value", "group.yaml:6:9", "allow: [everything]\n")]
    [InlineData("yaml-value", "group.yaml:6:9", "memory: 511\n")]
    [InlineData("yaml-value", "group.yaml:6:9", "memory: 1048577\n")]
    [InlineData("yaml-value", "group.yaml:6:9", "memory: 2G\n")]
    [InlineData("yaml-value", "group.yaml:6:8", "cores: 0\n")]
    [InlineData("yaml-value", "group.yaml:6:8", "cores: 65\n")]
    [InlineData("yaml-value", "group.yaml:6:8", "cores: 1.5\n")]
    public void A_slip_is_refused_where_it_stands(string code, string place, string line)
    {
        var exception = Assert.Throws<OrchestratorException>(() => GroupFile.Parse(Start + line));

        Assert.Equal(code, exception.Code.Id);
        Assert.StartsWith(place + ":", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_without_containers_is_none() => Assert.Equal(
        "yaml-value", Assert.Throws<OrchestratorException>(() => GroupFile.Parse("format: orchestrator/group/v1\nname: g\ncontainers: []\n")).Code.Id);
}
