using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>What a policy and the fragments loaded so far permit together.</summary>
internal sealed class Permissions(ExecutionPolicy policy)
{
    private readonly ImmutableArray<ContainerPolicy> _own = With(policy, []);

    /// <summary>Containers, each once for every platform rule, if there are any.</summary>
    public ImmutableArray<ContainerPolicy> Containers(GroupState state) => state.Fragments.IsEmpty ? _own : With(policy, state.Fragments);

    /// <summary>Processes beside the containers.</summary>
    public IEnumerable<ExternalProcess> ExternalProcesses(GroupState state) =>
        policy.ExternalProcesses.Concat(state.Fragments.SelectMany(fragment => fragment.Permissions.ExternalProcesses));

    /// <summary>Fragments that may be loaded next.</summary>
    public IEnumerable<FragmentReference> Fragments(GroupState state) =>
        policy.Fragments.Concat(state.Fragments.SelectMany(fragment => fragment.Permissions.Fragments));

    private static ImmutableArray<ContainerPolicy> With(ExecutionPolicy policy, ImmutableArray<LoadedFragment> fragments)
    {
        IEnumerable<ContainerPolicy> plain = policy.Containers.Concat(fragments.SelectMany(fragment => fragment.Permissions.Containers));
        PlatformRule[] rules = [.. policy.PlatformRules, .. fragments.SelectMany(fragment => fragment.Permissions.PlatformRules)];
        return rules.Length == 0 ? [.. plain] : [.. plain.SelectMany(container => rules.Select(rule => rule.Extend(container)))];
    }
}
