using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Proofs;

/// <summary>The invariant is worth something only if it excludes what an engine that erred would do.</summary>
public sealed class InvariantTests
{
    private static readonly Box Join = new("/bin/join a b") { Env = ["A=.*"], RequiredEnv = ["B=1"], Exec = ["/bin/top"], Signals = [15], Mounts = [("/data", "sandbox:///tmp/a")] };

    private readonly Prover _prover = new(PolicyReader.Read(Written.Policy(Join, new Box("/bin/other") { Layers = "2" })), new GroupEnvironment());

    [Fact]
    public void It_foresees_nothing_that_the_policy_does_not_permit()
    {
        Step created = Created();
        var create = (CreateContainer)created.Request;
        Decision asAsked = created.Decision with { Environment = null, Capabilities = null };
        (string What, CreateContainer Request, Decision Decision)[] wrong =
        [
            ("command", create with { Process = create.Process with { Command = ["/bin/join"] } }, created.Decision),
            ("folder", create with { Process = create.Process with { WorkingDirectory = "/tmp" } }, created.Decision),
            ("variable", create with { Process = create.Process with { Environment = ["B=1", "LD_PRELOAD=/x"] } }, asAsked),
            ("required variable", create with { Process = create.Process with { Environment = [] } }, asAsked),
            ("granted variable", create, created.Decision with { Environment = ["B=1", "C=1"] }),
            ("new privileges", create with { Privileges = create.Privileges with { NoNewPrivileges = false } }, created.Decision),
            ("umask", create with { Privileges = create.Privileges with { Umask = "0000" } }, created.Decision),
            ("user", create with { Privileges = create.Privileges with { User = new Identity("0", "root") } }, created.Decision),
            ("group", create with { Privileges = create.Privileges with { Groups = [new Identity("0", "root")] } }, created.Decision),
            ("capability", create with { Privileges = create.Privileges with { Capabilities = CapabilitySets.None with { Bounding = ["CAP_KILL"] } } }, asAsked),
            ("granted capability", create, created.Decision with { Capabilities = CapabilitySets.None with { Ambient = ["CAP_KILL"] } }),
            ("device", create with { Devices = ["/dev/sda"] }, created.Decision),
            ("seccomp", create with { SeccompProfile = "" }, created.Decision),
            ("privilege", create with { Privileged = true }, created.Decision),
            ("mount", create with { Mounts = [new MountRequest("/etc", "/etc", "bind", ["rbind", "rw"])] }, created.Decision),
            ("source", create with { Mounts = [new MountRequest("/data", create.SandboxDirectory + "/tmp/b", "bind", ["rbind", "rw"])] }, created.Decision),
            ("option", create with { Mounts = [new MountRequest("/data", create.SandboxDirectory + "/tmp/a", "bind", ["rbind", "ro"])] }, created.Decision),
            ("streams", create, created.Decision with { AllowStdioAccess = true }),
            ("another identity", create, created.Decision with { Next = created.Decision.Next with { Candidates = created.Decision.Next.Candidates.SetItem(create.ContainerId, [.. _prover.Invariant.Policy.Containers]) } }),
        ];
        Assert.True(_prover.Invariant.Covers(create, created.Decision));
        Assert.True(_prover.Invariant.Covers(create with { Mounts = [new MountRequest("/data", create.SandboxDirectory + "/tmp/a", "bind", ["rw", "rbind"])] }, created.Decision));
        Assert.All(wrong, wrongly => Assert.False(_prover.Invariant.Covers(wrongly.Request, wrongly.Decision), wrongly.What));

        Decision admitted = new(true, created.Decision.Next);
        var exec = new ExecInContainer(create.ContainerId, create.Process with { Command = ["/bin/top"] }, create.Privileges);
        Assert.True(_prover.Invariant.Covers(exec, admitted));
        EnforcementRequest[] others =
        [
            exec with { Process = exec.Process with { Command = ["/bin/sh"] } },
            exec with { Process = exec.Process with { WorkingDirectory = "/tmp" } },
            new SignalProcess(create.ContainerId, 9, true, []),
            new SignalProcess(create.ContainerId, 15, false, ["/bin/top"]),
            new MountDevice("/m", new string('3', 64), ".*"),
            new MountScratch("/s", false),
            new MountWritableDevice("/s", false, true, "ext4", ".*"),
            new ExecExternal(exec.Process),
            new FlaggedAccess("dump_stacks"),
            new FlaggedAccess("host_network"),
            new BlockDevice("mount_blockdev", "/b"),
            new OfferFragment("did:x", "f"),
        ];
        Assert.All(others, request => Assert.False(_prover.Invariant.Covers(request, admitted), request.ToString()));
    }

    [Fact]
    public void It_does_not_hold_in_states_that_are_never_reached()
    {
        GroupState state = Created().Decision.Next;
        ImmutableArray<ContainerPolicy> both = _prover.Invariant.Policy.Containers;
        (string What, GroupState State)[] wrong =
        [
            ("a strange layer", state with { Devices = state.Devices.Add("/m9", new string('3', 64)) }),
            ("no candidates", state with { Candidates = state.Candidates.Add("x", []) }),
            ("candidates of two images", state with { Candidates = state.Candidates.Add("x", both) }),
            ("a stranger", state with { Candidates = state.Candidates.Add("x", [both[0] with { AllowStdioAccess = true }]) }),
            ("a privileged container", state with { Started = state.Started.Add("x", new StartedContainer(true)) }),
            ("scratch in the clear", state with { Scratch = state.Scratch.Add("/s", false) }),
        ];
        Assert.True(_prover.Invariant.Holds(state));
        Assert.All(wrong, wrongly => Assert.False(_prover.Invariant.Holds(wrongly.State), wrongly.What));
    }

    [Fact]
    public void An_engine_that_admits_more_is_found_out()
    {
        foreach (Box laxer in new[] { Join with { Exec = ["/bin/top", "/bin/sh"] }, Join with { NoNewPrivileges = false }, Join with { User = ("any", "") }, Join with { Env = [".*"] }, Join with { Stdio = true }, Join with { Signals = [9, 15] }, Join with { Capabilities = null } })
        {
            var engine = new PolicyEngine(PolicyReader.Read(Written.Policy(laxer)), new GroupEnvironment { DefaultCapabilities = ["CAP_KILL"] });

            Assert.Equal(ProofErrors.Step, Assert.Throws<OrchestratorException>(() => Induction.Check(_prover.Invariant, engine, _prover.Scripts)).Code);
        }
    }

    private Step Created() => _prover.Run(_prover.Scripts.Create(_prover.Invariant.Containers[0]).First())[^1];
}
