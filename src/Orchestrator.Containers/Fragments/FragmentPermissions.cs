using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Fragments;

/// <summary>What a fragment adds to a policy.</summary>
public sealed record FragmentPermissions
{
    /// <summary>Containers that the group may run besides the policy's.</summary>
    public ImmutableArray<ContainerPolicy> Containers { get; init; } = [];

    /// <summary>Processes that may run beside them.</summary>
    public ImmutableArray<ExternalProcess> ExternalProcesses { get; init; } = [];

    /// <summary>Further fragments.</summary>
    public ImmutableArray<FragmentReference> Fragments { get; init; } = [];

    /// <summary>What the platform may add to any container.</summary>
    public ImmutableArray<PlatformRule> PlatformRules { get; init; } = [];
}

/// <summary>A fragment that was let in, as part of a group's state.</summary>
/// <param name="Reference">What let it in: one of the policy's references or of a fragment loaded before.</param>
/// <param name="Digest">SHA-256 of the fragment's text, in lower-case hexadecimal.</param>
/// <param name="Svn">Its security version.</param>
/// <param name="Permissions">What it adds.</param>
public sealed record LoadedFragment(FragmentReference Reference, string Digest, SecurityVersion Svn, FragmentPermissions Permissions);
