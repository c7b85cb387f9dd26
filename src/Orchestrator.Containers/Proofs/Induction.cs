using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Proofs;

/// <summary>Why an enforcement point preserves the invariant.</summary>
/// <param name="Point">The point.</param>
/// <param name="Rule">Who decides.</param>
/// <param name="Because">For people.</param>
/// <param name="Probes">Requests that were put to the engine to check it.</param>
/// <param name="Admitted">How many of them it admitted, each as foreseen.</param>
public sealed record InductionStep(string Point, PointRule Rule, string Because, int Probes, int Admitted);

/// <summary>The inductive argument, checked against the engine that decides: base, and one step for every enforcement point.</summary>
/// <param name="Steps">By point.</param>
public sealed record Induction(ImmutableArray<InductionStep> Steps)
{
    /// <summary>Checks the argument: the invariant holds at the start; what each point admits it foresees, and holds afterwards; a refusal changes nothing.</summary>
    internal static Induction Check(GroupInvariant invariant, PolicyEngine engine, ScriptWriter scripts)
    {
        Require(invariant.Holds(GroupState.Initial), "the invariant does not hold where nothing is mounted or running");
        ILookup<string, (GroupState State, EnforcementRequest Request)> probes =
            new Probes(invariant, engine, scripts).All().ToLookup(probe => probe.Request.Point, StringComparer.Ordinal);
        return new Induction([.. EnforcementPoint.All.Keys.Order(StringComparer.Ordinal).Select(point => Check(invariant, engine, point, [.. probes[point]]))]);
    }

    private static InductionStep Check(GroupInvariant invariant, PolicyEngine engine, string point, (GroupState State, EnforcementRequest Request)[] probes)
    {
        int admitted = 0;
        foreach ((GroupState state, EnforcementRequest request) in probes)
        {
            Decision decision = engine.Decide(state, request);
            if (decision.Allowed)
            {
                admitted++;
                Require(invariant.Covers(request, decision), $"{point} admits {request}, which the invariant does not foresee");
                Require(invariant.Holds(decision.Next), $"after {request} the invariant does not hold");
            }
            else
            {
                Require(ReferenceEquals(decision.Next, state), $"{point} changes the state by a refusal of {request}");
            }
        }

        return new InductionStep(point, invariant.Policy.RuleAt(point), Because(invariant, point), probes.Length, admitted);
    }

    private static string Because(GroupInvariant invariant, string point) => invariant.Policy.RuleAt(point) switch
    {
        PointRule.DenyAll => invariant.Policy.Points.ContainsKey(point) ? "the policy refuses every request" : "the policy does not mention it, and so refuses it",
        PointRule.AllowAll or PointRule.AllowAllAndStreams => invariant.Policy.Points.ContainsKey(point) ? "every request is admitted and nothing is remembered" : "the policy is older than the point: every request is admitted and nothing is remembered",
        _ => invariant.At(point).Any() ? OfFramework(point) : "the rule admits nothing under this policy",
    };

    private static string OfFramework(string point) => point switch
    {
        "mount_device" => "only hashes of the policy's layers are remembered, at free places",
        "mount_overlay" => "the candidates are containers of the policy with exactly these layers",
        "create_container" or "exec_in_container" or "signal_container_process" => "what is left of the candidates permits the request, and is not empty",
        "shutdown_container" => "candidates are only forgotten; the ID stays taken",
        "exec_external" => "nothing is remembered; the process is one of the policy's",
        "scratch_mount" or "rw_mount_device" => "what is remembered is encrypted, or the policy admits it in the clear",
        "plan9_mount" => "the share belongs to a container whose root file system is mounted",
        "load_fragment" => "what is remembered is of an issuer and feed that the policy names",
        "get_properties" or "dump_stacks" or "runtime_logging" or "host_network" => "a flag decides, and nothing is remembered",
        _ => "places are only forgotten",
    };

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new OrchestratorException(ProofErrors.Step, $"The proof fails: {what}.");
        }
    }
}
