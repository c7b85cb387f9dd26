using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs;
using Orchestrator.Containers.Proofs.Differences;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Tests.Proofs;

public sealed class PolicyDiffTests
{
    private static readonly Box Join = new("/bin/join a.csv b.csv") { Name = "join", Env = ["A=[0-9]+"], Mounts = [("/data", "sandbox:///tmp/[a-z]+")] };

    /// <summary>What B changes of a policy with join alone, and what of it is new.</summary>
    public static TheoryData<string, string, string?> Cases() => new()
    {
        { "nothing", Written.Policy(Join), null },
        { "another label", Written.Policy(Join with { Name = "union" }), null },
        { "a narrower pattern", Written.Policy(Join with { Env = ["A=[1-5]"] }), null },
        { "the same pattern otherwise", Written.Policy(Join with { Env = ["A=([0-9])+|A=7"] }), null },
        { "a wider pattern", Written.Policy(Join with { Env = ["A=.*"] }), "may get variables like A=" },
        { "an alternative", Written.Policy(Join with { Env = ["A=[0-9]+|LD_PRELOAD=.*"] }), "may get variables like LD_PRELOAD=" },
        { "no more required", Written.Policy(Join), null },
        { "a command", Written.Policy(Join with { Command = "/bin/sh" }), "runs /bin/sh" },
        { "another container", Written.Policy(Join, new Box("/bin/sh") { Layers = "2" }), "container #2 (/bin/sh) may be created" },
        { "another container of the image", Written.Policy(Join, Join with { Name = "debug", Exec = ["/bin/sh"] }), "/bin/sh may be started in container #2" },
        { "a process", Written.Policy(Join with { Exec = ["/bin/sh"] }), "/bin/sh may be started in" },
        { "a signal", Written.Policy(Join with { Signals = [9] }), "signal 9 may be sent to" },
        { "streams", Written.Policy(Join with { Stdio = true }), "opens its streams" },
        { "privilege", Written.Policy(Join with { Elevated = true }), "may be privileged" },
        { "new privileges", Written.Policy(Join with { NoNewPrivileges = false }), "may gain privileges" },
        { "a capability", Written.Policy(Join with { Capabilities = ["CAP_SYS_ADMIN"] }), "has CAP_SYS_ADMIN instead of no capabilities" },
        { "no seccomp", Written.Policy(Join with { Seccomp = "" }), "no seccomp profile" },
        { "any user", Written.Policy(Join with { User = ("any", "") }), "other users" },
        { "a group", Written.Policy(Join with { Groups = [("name", "wheel")] }), "other groups" },
        { "a wider source", Written.Policy(Join with { Mounts = [("/data", "sandbox:///tmp/.+")] }), "may mount sandbox" },
        { "another place", Written.Policy(Join with { Mounts = [("/etc", "sandbox:///tmp/[a-z]+")] }), "at /etc" },
        { "a younger point of an older policy", Written.Policy("0.6.0", "0.5.0", "", Join), "dump_stacks admits every request" },
        { "a flag", Written.Policy("allow_dump_stacks := true", Join), "dump_stacks is admitted" },
        { "dropping", Written.Policy("allow_environment_variable_dropping := true", Join), "dropped instead of refused" },
        { "free exec", Written.Policy("exec_in_container := {\"allowed\": true}", Join), "exec_in_container admits every request" },
        { "a process beside", Written.Policy("external_processes := [{\"command\": [\"/bin/sh\"], \"env_rules\": [], \"working_dir\": \"/\", \"allow_stdio_access\": true}]", Join), "external process #1" },
        { "a fragment", Written.Policy("fragments := [{\"issuer\": \"did:x\", \"feed\": \"f\", \"minimum_svn\": \"1\", \"includes\": [\"containers\"]}]", Join), "fragments of did:x" },
        { "nothing left", Written.Policy(), null },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_new_is_said_and_shown(string what, string policy, string? expected)
    {
        Prover before = Prove(Written.Policy(Join));
        Prover after = Prove(policy);

        ImmutableArray<Difference> found = PolicyDiff.Of(before, after);

        Assert.True(expected is null ? found.IsEmpty : found.Any(difference => difference.Words.Contains(expected, StringComparison.Ordinal)), $"{what}: {string.Join("; ", found.Select(one => one.Words))}");
        Assert.All(found.Where(difference => difference.Words.Contains(expected!, StringComparison.Ordinal)), difference => Assert.True(difference.IsCertain, difference.Words));
        Assert.All(found, difference => Shows(before, after, difference));
        Assert.Empty(PolicyDiff.Of(after, after));
    }

    [Fact]
    public void A_container_that_can_be_told_apart_at_last_is_new()
    {
        Box open = Join with { Name = "open", Stdio = true };
        Prover before = Prove(Written.Policy(Join, open));

        Assert.Contains("could not be told", Assert.Single(PolicyDiff.Of(before, Prove(Written.Policy(open)))).Words, StringComparison.Ordinal);
        Assert.Empty(PolicyDiff.Of(before, Prove(Written.Policy(open, Join))));
    }

    [Theory]
    [InlineData("f", "2", "\"containers\"", false)]
    [InlineData("f", "3", "", false)]
    [InlineData("f", "1", "\"containers\"", true)]
    [InlineData("g", "2", "\"containers\"", true)]
    [InlineData("f", "2", "\"containers\", \"fragments\"", true)]
    public void A_fragment_that_may_bring_more_is_new(string feed, string svn, string includes, bool isNew)
    {
        string Policy(string name, string least, string kinds) =>
            Written.Policy($"fragments := [{{\"issuer\": \"did:x\", \"feed\": \"{name}\", \"minimum_svn\": \"{least}\", \"includes\": [{kinds}]}}]", Join);

        Assert.Equal(isNew, !PolicyDiff.Of(Prove(Policy("f", "2", "\"containers\"")), Prove(Policy(feed, svn, includes))).IsEmpty);
    }

    public static IEnumerable<TheoryDataRow<int>> Seeds => Enumerable.Range(0, 40).Select(seed => new TheoryDataRow<int>(seed));

    // Whatever the new policy admits in a long session the old one admits, too, if nothing is said to be new.
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Where_nothing_is_new_no_session_finds_anything(int seed)
    {
        var hostile = new Hostile(seed);
        ExecutionPolicy before = PolicyReader.Read(hostile.Policy(4)) with { Flags = new PolicyFlags() };
        ExecutionPolicy after = before with { Containers = [.. before.Containers.Take(3).Select(container => container with { Signals = [], ExecProcesses = [.. container.ExecProcesses.Take(1)] })] };
        if (!PolicyDiff.Of(new Prover(before, new GroupEnvironment()), new Prover(after, new GroupEnvironment())).IsEmpty)
        {
            return;
        }

        var old = new PolicyEngine(before, new GroupEnvironment());
        var engine = new PolicyEngine(after, new GroupEnvironment());
        (GroupState was, GroupState now) = (GroupState.Initial, GroupState.Initial);
        for (int i = 0; i < 1000; i++)
        {
            EnforcementRequest request = hostile.Request(before);
            Decision decision = engine.Decide(now, request);
            if (decision.Allowed)
            {
                Decision former = old.Decide(was, request);
                Assert.True(former.Allowed, $"seed {seed}, request {i}: nothing was said to be new, and {request} is");
                (was, now) = (former.Next, decision.Next);
            }
        }
    }

    private static Prover Prove(string policy) => new(PolicyReader.Read(policy), new GroupEnvironment());

    private static void Shows(Prover before, Prover after, Difference difference)
    {
        if (!difference.Example.IsEmpty)
        {
            var script = new Script([.. difference.Example.Select(step => step.Request)]);
            Assert.Equal(script.Requests.Length, after.Run(script).Length);
            ImmutableArray<Step> former = before.Run(script);
            Assert.True(former.Length < script.Requests.Length || former[^1].Decision.AllowStdioAccess != difference.Example[^1].Decision.AllowStdioAccess, difference.Words);
        }
    }
}
