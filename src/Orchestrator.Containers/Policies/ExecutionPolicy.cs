using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Fragments.Transparency;

namespace Orchestrator.Containers.Policies;

/// <summary>What a policy says of one enforcement point.</summary>
public enum PointRule
{
    /// <summary>The framework's rule decides.</summary>
    Framework,

    /// <summary>Every request is admitted; the host gets no streams.</summary>
    AllowAll,

    /// <summary>Every request is admitted, and the host gets the process's streams.</summary>
    AllowAllAndStreams,

    /// <summary>Every request is refused.</summary>
    DenyAll,
}

/// <summary>What a group may do: an execution policy, read and understood (docs/spec/execution-policy.md).</summary>
public sealed record ExecutionPolicy
{
    /// <summary>The API that it is written for; null: it does not say, so that every request is refused.</summary>
    public required FrameworkVersion? ApiVersion { get; init; }

    /// <summary>The framework that it is written for; null where no rule is the framework's.</summary>
    public required FrameworkVersion? FrameworkVersion { get; init; }

    /// <summary>The points that it mentions.</summary>
    public required ImmutableDictionary<string, PointRule> Points { get; init; }

    /// <summary>Containers that the group may run.</summary>
    public ImmutableArray<ContainerPolicy> Containers { get; init; } = [];

    /// <summary>Processes that may run beside them.</summary>
    public ImmutableArray<ExternalProcess> ExternalProcesses { get; init; } = [];

    /// <summary>Fragments that may extend it.</summary>
    public ImmutableArray<FragmentReference> Fragments { get; init; } = [];

    /// <summary>Lists of transparency services whose receipts count.</summary>
    public ImmutableArray<TrustListReference> TrustLists { get; init; } = [];

    /// <summary>What the platform may add to any container; each rule makes a variant of it. None: containers are as they stand.</summary>
    public ImmutableArray<PlatformRule> PlatformRules { get; init; } = [];

    /// <summary>Global permissions.</summary>
    public PolicyFlags Flags { get; init; } = new();

    /// <summary>What happens at an enforcement point: what the policy says of it, or what it means that the policy says nothing.</summary>
    /// <param name="point">A name of <see cref="EnforcementPoint.All"/> or of <see cref="EnforcementPoint.Elsewhere"/>; the latter are refused unless the policy says otherwise.</param>
    public PointRule RuleAt(string point)
    {
        EnforcementPoint asked = EnforcementPoint.All.GetValueOrDefault(point) ?? new EnforcementPoint(point, Policies.FrameworkVersion.Api, PointDefault.Deny);
        if (ApiVersion is not { } api)
        {
            return PointRule.DenyAll;
        }

        // A policy that could know the point and does not mention it refuses it.
        if (api >= asked.Introduced || Points.ContainsKey(point))
        {
            return Points.GetValueOrDefault(point, PointRule.DenyAll);
        }

        return asked.Default switch
        {
            PointDefault.Allow => PointRule.AllowAll,
            PointDefault.Framework => PointRule.Framework,
            _ => PointRule.DenyAll,
        };
    }
}

/// <summary>Global permissions; what a policy does not mention is not permitted.</summary>
public sealed record PolicyFlags
{
    /// <summary>Whether the host may read properties of processes.</summary>
    public bool AllowPropertiesAccess { get; init; }

    /// <summary>Whether the host may have stacks dumped.</summary>
    public bool AllowDumpStacks { get; init; }

    /// <summary>Whether the guest's runtime may log to the host.</summary>
    public bool AllowRuntimeLogging { get; init; }

    /// <summary>Whether variables that no rule permits are dropped instead of refused.</summary>
    public bool AllowEnvironmentVariableDropping { get; init; }

    /// <summary>Whether scratch space may be in the clear.</summary>
    public bool AllowUnencryptedScratch { get; init; }

    /// <summary>Whether capabilities that are not permitted are dropped instead of refused.</summary>
    public bool AllowCapabilityDropping { get; init; }

    /// <summary>Whether containers may use the host's network.</summary>
    public bool AllowHostNetwork { get; init; }
}
