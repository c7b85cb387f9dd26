using System.Collections.Immutable;
using System.Diagnostics;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Groups;

namespace Orchestrator.Bench.Policies;

/// <summary>Decisions a second.</summary>
internal sealed class PolicyDecisions : IBenchmark
{
    private const int Containers = 7;
    private const int Repetitions = 200;

    // 48 requests over 7 containers in 0.10 s, compilation included: the best that the published framework's own engine did (docs/benchmarks.md).
    private const double PublishedPerSecond = 480;

    public string Name => "policy-decisions";

    public string Method => "decisions of one core over whole sessions of 7 containers, 7 requests each, all admitted / 480 decisions a second, what the published framework's own engine did on another machine.";

    public Aim Aim => Aim.AtLeast(100);

    public Comparison Measure()
    {
        var engine = new PolicyEngine(BenchPolicy.Of(Containers), GuestEnvironment.Default);
        ImmutableArray<EnforcementRequest> session = BenchPolicy.Session(Containers);
        (double measured, double reference) = Alternation.Medians(9, () => Rate(engine, session), () => PublishedPerSecond);
        return new Comparison(measured, reference, "decisions/s");
    }

    private static double Rate(PolicyEngine engine, ImmutableArray<EnforcementRequest> session)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Repetitions; i++)
        {
            GroupState state = GroupState.Initial;
            foreach (EnforcementRequest request in session)
            {
                Decision decision = engine.Decide(state, request);
                state = decision.Allowed ? decision.Next : throw new InvalidOperationException($"{request.Point}: {string.Join("; ", decision.Errors)}");
            }
        }

        return Repetitions * session.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
