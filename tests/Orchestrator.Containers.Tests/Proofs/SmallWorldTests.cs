using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs;
using Orchestrator.Containers.Proofs.Assertions;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Tests.Proofs;

/// <summary>Worlds so small that every session of them can be tried: what the prover says must be what trying says.</summary>
public sealed class SmallWorldTests
{
    private const int Depth = 7;

    private static readonly string s_id = new('a', 64);

    private static readonly string[] s_claims =
    [
        "never exec /bin/sh", "stdout stays inside", "stdout of #1 stays inside", "stdout of container #2 stays inside", "never env DEBUG=1", "always env A", "never root", "never capability KILL",
        "never privileged", "always no_new_privileges", "never signal 9", "never exec anything", "never create",
    ];

    public static IEnumerable<TheoryDataRow<int>> Seeds => Enumerable.Range(0, 40).Select(seed => new TheoryDataRow<int>(seed));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_prover_says_what_trying_everything_says(int seed)
    {
        ExecutionPolicy policy = PolicyReader.Read(World(new Random(seed)));
        var prover = new Prover(policy, new GroupEnvironment());
        prover.Check();
        (Dictionary<string, int> shortest, HashSet<int> created) = TryEverything(policy, prover);
        Assert.All(prover.Invariant.Containers, entry => Assert.True(
            Impossibility.Of(prover.Invariant, entry) is null || !created.Contains(entry.Number), $"seed {seed}: {entry.Name} was proved impossible, and created"));
        foreach (string claim in s_claims)
        {
            Answer answer = prover.Ask(claim);
            int? found = shortest.TryGetValue(claim, out int length) ? length : null;
            switch (answer.Verdict)
            {
                case Verdict.Holds:
                    Assert.True(found is null, $"seed {seed}: \"{claim}\" was said to hold, and {found} requests break it");
                    break;
                case Verdict.Broken:
                    Assert.True(found == answer.Counterexample.Length, $"seed {seed}: \"{claim}\" takes {found} requests, not {answer.Counterexample.Length}");
                    break;
                default:
                    Assert.True(found is null, $"seed {seed}: \"{claim}\" was left open, and {found} requests break it: {string.Join("; ", answer.Reasons)}");
                    break;
            }
        }
    }

    // Two or three containers of one image or two, which differ in little.
    private static string World(Random random)
    {
        bool Coin() => random.Next(2) == 0;
        Box[] boxes = [.. Enumerable.Range(0, random.Next(2, 4)).Select(index => new Box(random.Next(4) == 0 ? "/bin/sh" : "/bin/join")
        {
            Layers = random.Next(4) == 0 ? "2" : "1",
            Env = Coin() ? ["A=1"] : Coin() ? ["A=1", "DEBUG=1"] : [],
            RequiredEnv = random.Next(4) == 0 ? ["A=1"] : [],
            Exec = Coin() ? ["/bin/top"] : Coin() ? ["/bin/sh"] : [],
            ExecSignals = Coin() ? [9] : [],
            User = random.Next(4) == 0 ? ("any", "") : random.Next(4) == 0 ? ("id", "0") : ("id", "1000"),
            Capabilities = random.Next(3) == 0 ? ["CAP_KILL"] : [],
            Elevated = random.Next(4) == 0,
            Stdio = Coin(),
            NoNewPrivileges = Coin(),
            Seccomp = "",
        })];
        string[] rules = ["allow_environment_variable_dropping := true", "allow_capability_dropping := true"];
        return Written.Policy(string.Join('\n', rules.Where(_ => random.Next(3) == 0)), boxes);
    }

    // Breadth first over all states that one container ID can be in: the fewest requests to break each claim.
    private static (Dictionary<string, int> Shortest, HashSet<int> Created) TryEverything(ExecutionPolicy policy, Prover prover)
    {
        var engine = new PolicyEngine(policy, new GroupEnvironment());
        EnforcementRequest[] requests = [.. Universe(policy)];
        Assertion[] claims = [.. s_claims.Select(claim => AssertionParser.Parse(prover.Invariant, claim))];
        var broken = new Dictionary<string, int>(StringComparer.Ordinal);
        var created = new HashSet<int>();
        var known = new HashSet<string>(StringComparer.Ordinal) { Key(policy, GroupState.Initial) };
        GroupState[] frontier = [GroupState.Initial];
        for (int depth = 1; depth <= Depth && frontier.Length > 0; depth++)
        {
            var next = new List<GroupState>();
            foreach (GroupState state in frontier)
            {
                foreach (EnforcementRequest request in requests)
                {
                    Decision decision = engine.Decide(state, request);
                    if (!decision.Allowed)
                    {
                        continue;
                    }

                    var step = new Step(state, request, decision);
                    foreach (Assertion claim in claims.Where(claim => !broken.ContainsKey(claim.Text) && claim.IsBrokenBy(prover.Invariant, step)))
                    {
                        broken.Add(claim.Text, depth);
                    }

                    if (request is CreateContainer)
                    {
                        created.UnionWith(decision.Next.Candidates[s_id].Select(candidate => prover.Invariant.Find(candidate)!.Number));
                    }

                    if (known.Add(Key(policy, decision.Next)))
                    {
                        next.Add(decision.Next);
                    }
                }
            }

            frontier = [.. next];
        }

        return (broken, created);
    }

    private static string Key(ExecutionPolicy policy, GroupState state) =>
        $"{string.Join(',', state.Devices.Select(device => device.Key + device.Value[0]).Order())}|{string.Join(',', state.Overlays.Order())}|{string.Join(',', state.Candidates.SelectMany(entry => entry.Value).Select(candidate => policy.Containers.IndexOf(candidate)).Order())}|{string.Join(',', state.Started.Values)}";

    private static IEnumerable<EnforcementRequest> Universe(ExecutionPolicy policy)
    {
        string pattern = "/m[12]";
        string[] hashes = [.. policy.Containers.SelectMany(container => container.Layers).Distinct()];
        IEnumerable<EnforcementRequest> mounts = hashes.Select((hash, index) => new MountDevice($"/m{index + 1}", hash, pattern));
        IEnumerable<EnforcementRequest> overlays = hashes.SelectMany((_, index) => new[] { new MountOverlay(s_id, [$"/m{index + 1}"], "/o"), new MountOverlay(s_id, [$"/m{index + 1}"], "/again") });
        IEnumerable<EnforcementRequest> signals = new long[] { 9, 15 }.SelectMany(signal => new EnforcementRequest[] { new SignalProcess(s_id, signal, true, []), new SignalProcess(s_id, signal, false, ["/bin/top"]), new SignalProcess(s_id, signal, false, ["/bin/sh"]) });
        return [.. mounts, .. overlays, .. signals, new ShutdownContainer(s_id), .. Starts()];
    }

    private static IEnumerable<EnforcementRequest> Starts()
    {
        ImmutableArray<string> kill = ["CAP_KILL"];
        CapabilitySets[] capabilities = [CapabilitySets.None, new(kill, kill, [], kill, [])];
        ImmutableArray<string>[] environments = [[], ["A=1"], ["DEBUG=1"], ["A=1", "DEBUG=1"]];
        foreach (var environment in environments)
        {
            foreach (CapabilitySets sets in capabilities)
            {
                foreach ((bool keep, bool privileged) in new[] { (true, false), (false, false), (true, true), (false, true) })
                {
                    foreach (Identity user in new Identity[] { new("0", "root"), new("1000", "app"), new("7", "x") })
                    {
                        var privileges = new ProcessPrivileges(keep, user, [], "0022", sets);
                        yield return Create("/bin/join", environment, privileges, privileged);
                        yield return Create("/bin/sh", environment, privileges, privileged);
                        if (!privileged)
                        {
                            yield return new ExecInContainer(s_id, new ProcessRequest(["/bin/top"], environment, "/"), privileges);
                            yield return new ExecInContainer(s_id, new ProcessRequest(["/bin/sh"], environment, "/"), privileges);
                        }
                    }
                }
            }
        }
    }

    private static CreateContainer Create(string command, ImmutableArray<string> environment, ProcessPrivileges privileges, bool privileged) =>
        new(s_id, new ProcessRequest([command], environment, "/"), privileges)
        {
            Mounts = [],
            Devices = [],
            Privileged = privileged,
            SeccompProfile = "",
            IsSandboxContainer = false,
            SandboxDirectory = "/s",
            HugePagesDirectory = "/h",
        };
}
