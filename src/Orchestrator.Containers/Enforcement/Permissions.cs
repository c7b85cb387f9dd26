using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>What a policy and the fragments loaded so far permit together.</summary>
internal sealed class Permissions(ExecutionPolicy policy)
{
    /// <summary>Containers, each once for every platform rule, if there are any.</summary>
    public IEnumerable<ContainerPolicy> Containers(GroupState state)
    {
        IEnumerable<ContainerPolicy> plain = policy.Containers.Concat(state.Fragments.SelectMany(fragment => fragment.Permissions.Containers));
        PlatformRule[] rules = [.. policy.PlatformRules, .. state.Fragments.SelectMany(fragment => fragment.Permissions.PlatformRules)];
        return rules.Length == 0 ? plain : plain.SelectMany(container => rules.Select(rule => rule.Extend(container)));
    }

    /// <summary>Processes beside the containers.</summary>
    public IEnumerable<ExternalProcess> ExternalProcesses(GroupState state) =>
        policy.ExternalProcesses.Concat(state.Fragments.SelectMany(fragment => fragment.Permissions.ExternalProcesses));

    /// <summary>Fragments that may be loaded next.</summary>
    public IEnumerable<FragmentReference> Fragments(GroupState state) =>
        policy.Fragments.Concat(state.Fragments.SelectMany(fragment => fragment.Permissions.Fragments));
}
