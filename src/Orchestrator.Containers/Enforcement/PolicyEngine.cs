using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>
/// Decides what a group may do: a pure function of policy, state and request (docs/spec/execution-policy.md). A refusal leaves the state as it
/// was, so by induction every state that the group can reach is one that the policy admits.
/// </summary>
/// <param name="policy">Attested to by the group's evidence.</param>
/// <param name="environment">What the guest adds.</param>
public sealed class PolicyEngine(ExecutionPolicy policy, GroupEnvironment environment)
{
    private readonly MountEnforcement _mounts = new(policy);
    private readonly FragmentEnforcement _fragments = new(policy);
    private readonly ContainerEnforcement _containers = new(policy, environment);

    /// <summary>Decides on <paramref name="request"/> in <paramref name="state"/>.</summary>
    public Decision Decide(GroupState state, EnforcementRequest request)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        return policy.RuleAt(request.Point) switch
        {
            PointRule.AllowAll => new Decision(true, state) { AllowStdioAccess = request.Point is "exec_external" or "create_container" ? false : null },
            PointRule.AllowAllAndStreams => new Decision(true, state) { AllowStdioAccess = true },
            PointRule.Framework => Evaluate(state, request),
            _ => new Decision(false, state) { Errors = RefusalOf(request.Point), LacksRule = !policy.Points.ContainsKey(request.Point) },
        };
    }

    /// <summary>
    /// Decides on the life of the policy's first container, and forgets it. The code that decides is compiled by then, which takes a thousand times
    /// as long as deciding, and need not be waited for when a host asks.
    /// </summary>
    /// <returns>Whether all of it is admitted.</returns>
    public bool Rehearse()
    {
        GroupState state = GroupState.Initial;
        return policy.Containers.Take(1).SelectMany(Rehearsal.Of).All(request =>
        {
            Decision decision = Decide(state, request);
            state = decision.Next;
            return decision.Allowed;
        });
    }

    private ImmutableArray<string> RefusalOf(string point) =>
        policy.ApiVersion is null ? ["api_version is missing from the policy"]
        : policy.Points.ContainsKey(point) ? []
        : [$"rule for {point} is missing from policy"];

    private Decision Evaluate(GroupState state, EnforcementRequest request) => request switch
    {
        MountDevice mount => _mounts.Mount(state, mount),
        MountWritableDevice mount => _mounts.Mount(state, mount),
        UnmountDevice unmount => MountEnforcement.Unmount(state, unmount),
        UnmountWritableDevice unmount => MountEnforcement.Unmount(state, unmount),
        MountOverlay mount => _mounts.Mount(state, mount),
        UnmountOverlay unmount => MountEnforcement.Unmount(state, unmount),
        MountScratch mount => _mounts.Mount(state, mount),
        UnmountScratch unmount => MountEnforcement.Unmount(state, unmount),
        MountShare mount => MountEnforcement.Mount(state, mount),
        UnmountShare unmount => MountEnforcement.Unmount(state, unmount),
        CreateContainer create => _containers.Create(state, create),
        ExecInContainer exec => _containers.Exec(state, exec),
        ExecExternal exec => _containers.Exec(state, exec),
        SignalProcess signal => ContainerEnforcement.Signal(state, signal),
        ShutdownContainer shutdown => ContainerEnforcement.Shutdown(state, shutdown),
        OfferFragment offer => _fragments.Offer(state, offer),
        LoadFragment load => _fragments.Load(state, load),
        LoadTrustList load => _fragments.Load(state, load),
        FlaggedAccess access => new Decision(IsFlagged(access.Point), state),
        BlockDevice => new Decision(false, state) { Errors = ["blockdev mounts are not supported"] },
        _ => new Decision(false, state) { Errors = ["the request is incomplete"] },
    };

    private bool IsFlagged(string point) => point switch
    {
        "get_properties" => policy.Flags.AllowPropertiesAccess,
        "dump_stacks" => policy.Flags.AllowDumpStacks,
        "runtime_logging" => policy.Flags.AllowRuntimeLogging,
        "host_network" => policy.Flags.AllowHostNetwork,
        _ => false,
    };
}
