using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs;
using Orchestrator.Containers.Proofs.Assertions;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Tests.Proofs;

/// <summary>Long sessions of requests at random never leave what the prover says every state is, and never break what it says holds.</summary>
public sealed class HostileSessionTests
{
    private const int Requests = 1200;

    private static readonly string[] Claims =
    [
        "never exec /bin/sh", "never exec a shell", "stdout stays inside", "never env LD_PRELOAD", "never env DEBUG=2", "always env A", "only env A,B,DEBUG", "never root",
        "never user app", "never group 0", "never capability SYS_ADMIN", "never privileged", "always no_new_privileges", "always seccomp", "never signal 9", "never signal",
        "mounts stay inside", "never mount /etc", "never mount /data", "never unencrypted scratch", "never dump stacks", "never host share", "never external process",
        "never create", "never exec anything", "never host network", "fragments may add nothing", "never layer " + "2222222222222222222222222222222222222222222222222222222222222222",
    ];

    public static IEnumerable<TheoryDataRow<int>> Seeds => Enumerable.Range(0, 24).Select(seed => new TheoryDataRow<int>(seed));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_hostile_session_never_leaves_the_invariant(int seed)
    {
        var hostile = new Hostile(seed);
        ExecutionPolicy policy = PolicyReader.Read(hostile.Policy(1 + (seed % 5)));
        var environment = new GroupEnvironment { DefaultCapabilities = ["CAP_KILL"], DefaultPrivilegedCapabilities = ["CAP_KILL", "CAP_SYS_ADMIN"] };
        var prover = new Prover(policy, environment);
        prover.Check();
        Assertion[] holding = [.. Claims.Where(claim => prover.Ask(claim).Verdict == Verdict.Holds).Select(claim => AssertionParser.Parse(prover.Invariant, claim))];
        var engine = new PolicyEngine(policy, environment);
        GroupState state = GroupState.Initial;
        for (int i = 0; i < Requests; i++)
        {
            // Groups end, and others begin.
            state = i % 300 == 0 ? GroupState.Initial : state;
            EnforcementRequest request = hostile.Request(policy);
            Decision decision = engine.Decide(state, request);
            if (!decision.Allowed)
            {
                Assert.Same(state, decision.Next);
                continue;
            }

            Assert.True(prover.Invariant.Covers(request, decision), $"seed {seed}, request {i}: not foreseen: {request}");
            Assert.True(prover.Invariant.Holds(decision.Next), $"seed {seed}, request {i}: the state after {request}");
            Assert.All(decision.Next.Candidates, entry => Assert.True(
                !state.Candidates.TryGetValue(entry.Key, out var before) || entry.Value.All(before.Contains), $"seed {seed}, request {i}: what a container can be grew"));
            var step = new Step(state, request, decision);
            Assert.All(holding, claim => Assert.False(claim.IsBrokenBy(prover.Invariant, step), $"seed {seed}, request {i}: \"{claim.Text}\" was said to hold: {request}"));
            state = decision.Next;
        }
    }

    [Fact]
    public void Hostile_sessions_get_somewhere()
    {
        var admitted = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int seed = 0; seed < 24; seed++)
        {
            var hostile = new Hostile(seed);
            ExecutionPolicy policy = PolicyReader.Read(hostile.Policy(1 + (seed % 5)));
            var engine = new PolicyEngine(policy, new GroupEnvironment());
            GroupState state = GroupState.Initial;
            for (int i = 0; i < 300; i++)
            {
                EnforcementRequest request = hostile.Request(policy);
                Decision decision = engine.Decide(state, request);
                admitted[request.Point] = admitted.GetValueOrDefault(request.Point) + (decision.Allowed ? 1 : 0);
                state = decision.Next;
            }
        }

        string[] reached = ["mount_device", "mount_overlay", "create_container", "exec_in_container", "exec_external", "signal_container_process", "plan9_mount", "scratch_mount", "load_fragment"];
        Assert.All(reached, point => Assert.True(admitted[point] > 20, $"{point}: {admitted[point]}"));
    }
}
