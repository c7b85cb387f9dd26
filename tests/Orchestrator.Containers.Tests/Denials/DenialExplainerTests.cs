using System.Collections.Immutable;
using Orchestrator.Containers.Denials;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Tests.Enforcement;

namespace Orchestrator.Containers.Tests.Denials;

public sealed class DenialExplainerTests
{
    private static readonly string s_id = Group.Id('a');
    private static readonly CreateContainer s_create = Group.Create(s_id);

    private static readonly string s_policy = Policy.WithOneContainer("0.5.0")
        .Replace("\"env_rules\": [", "\"env_rules\": [{\"pattern\": \"B=2\", \"strategy\": \"string\", \"required\": true}, ", StringComparison.Ordinal)
        .Replace("\"mounts\": []", "\"mounts\": [{\"destination\": \"/in\", \"source\": \"sandbox:///tmp/in\", \"type\": \"bind\", \"options\": [\"ro\"]}]", StringComparison.Ordinal);

    public static TheoryData<string, EnforcementRequest, string> Refusals => new()
    {
        { "deviceHash", new MountDevice("/run/mounts/scsi/m9", Group.Hash('9'), Group.DevicePattern), $"permits {Group.Hash('1')}, layer 1 of /bin/prepare" },
        { "mountpoint", new MountDevice("/etc", Group.Hash('1'), Group.DevicePattern), "permits paths like /run/mounts/scsi/m[0-9]+" },
        { "overlay", new MountOverlay(Group.Id('b'), ["/nothing"], "/b"), $"asked for 1 layers, the bottom one first: nothing mounted; the policy permits those of /bin/prepare: {Group.Hash('1')}" },
        { "command", s_create with { Process = s_create.Process with { Command = ["/bin/prepares"] } }, "invalid command: asked for /bin/prepares; the policy permits /bin/prepare" },
        { "directory", s_create with { Process = s_create.Process with { WorkingDirectory = "/tmp" } }, "asked for /tmp; the policy permits /" },
        { "variable", With("B=2", "AA=secret"), "invalid env list: AA: asked for AA; the policy permits A=.*" },
        { "required", With("A=1"), "missing required environment variable: the policy permits B=2" },
        { "mount", s_create with { Mounts = [new("/in", "/etc", "bind", ["rw"])] }, "asked for /in from /etc (bind; rw); the policy permits /in from sandbox:///tmp/in (bind; ro)" },
        { "privileged", s_create with { Privileged = true }, "the policy permits unprivileged ones" },
        { "user", s_create with { Privileges = s_create.Privileges with { User = new("7", "bob") } }, "asked for user 7 (bob), groups , umask 0077; the policy permits user 0, groups , umask 0077" },
        { "seccomp", s_create with { SeccompProfile = "" }, "asked for none; the policy permits ab" },
        { "privileges", s_create with { Privileges = s_create.Privileges with { NoNewPrivileges = false } }, "permits those with no_new_privileges" },
        { "capabilities", With("B=2") with { Privileges = s_create.Privileges with { Capabilities = new(["CAP_SYS_ADMIN"], [], [], [], []) } }, "asked for CAP_SYS_ADMIN (bounding); the policy permits exactly its sets, with CAP_KILL (bounding)" },
        { "device", s_create with { Devices = ["/dev/kvm"] }, "asked for /dev/kvm; the policy permits containers without devices" },
        { "flag", new FlaggedAccess("dump_stacks"), "the policy permits it only where allow_dump_stacks is true" },
        { "signal", new SignalProcess(s_id, 9, true, []), "the policy permits 1" },
        { "fragment", new OfferFragment("did:x509:0:nobody", "x"), "the policy permits nothing of the kind" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refusal_names_the_nearest_that_is_permitted(string name, EnforcementRequest request, string words)
    {
        ExecutionPolicy policy = PolicyReader.Read(s_policy + "\nload_fragment := data.framework.load_fragment");
        var engine = new PolicyEngine(policy, new GroupEnvironment());
        GroupState state = engine.Decide(GroupState.Initial, new MountDevice("/run/mounts/scsi/m1", Group.Hash('1'), Group.DevicePattern)).Next;
        state = engine.Decide(state, new MountOverlay(s_id, ["/run/mounts/scsi/m1"], "/o")).Next;
        Decision decision = engine.Decide(state, request);
        Assert.False(decision.Allowed, name);

        ImmutableArray<Explanation> explanations = new DenialExplainer(policy, new GroupEnvironment()).Explain(state, request, decision);

        Assert.Contains(explanations, explanation => explanation.ToString().Contains(words, StringComparison.Ordinal));
        Assert.DoesNotContain(explanations, explanation => explanation.ToString().Contains("secret", StringComparison.Ordinal));
    }

    private static CreateContainer With(params ImmutableArray<string> variables) => s_create with { Process = s_create.Process with { Environment = variables } };
}
