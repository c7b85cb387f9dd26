using System.Collections.Immutable;
using Orchestrator.Containers.Policies.Text;

namespace Orchestrator.Containers.Fragments;

/// <summary>What of a fragment may count.</summary>
public enum FragmentInclude
{
    /// <summary>Its containers.</summary>
    Containers,

    /// <summary>Its processes beside the containers.</summary>
    ExternalProcesses,

    /// <summary>The fragments that it refers to.</summary>
    Fragments,

    /// <summary>What it lets the platform add to any container.</summary>
    PlatformRules,

    /// <summary>Its name space, for policies that are programs: without effect here.</summary>
    Namespace,
}

/// <summary>A fragment that may extend a policy, or another fragment.</summary>
/// <param name="Issuer">did:x509 of its signer.</param>
/// <param name="Feed">Its name.</param>
/// <param name="MinimumSvn">The lowest version admitted.</param>
/// <param name="Includes">What of it counts.</param>
public sealed record FragmentReference(string Issuer, string Feed, SecurityVersion MinimumSvn, ImmutableArray<FragmentInclude> Includes)
{
    private static readonly ImmutableArray<string> Names = ["containers", "external_processes", "fragments", "platform_rules", "namespace"];

    /// <summary>None.</summary>
    public static ImmutableSortedDictionary<string, PolicyNode> NoParameters { get; } = ImmutableSortedDictionary.Create<string, PolicyNode>(StringComparer.Ordinal);

    /// <summary>Transparency services whose receipts it has to come with, all of them; <c>*</c>: of any.</summary>
    public ImmutableArray<string> RequiredReceipts { get; init; } = [];

    /// <summary>What its parameters are.</summary>
    public ImmutableSortedDictionary<string, PolicyNode> Parameters { get; init; } = NoParameters;

    /// <summary>As policies write it.</summary>
    public static string NameOf(FragmentInclude include) => Names[(int)include];

    /// <summary>Null: there is nothing of this name.</summary>
    public static FragmentInclude? TryParseInclude(string name) => Names.IndexOf(name) is >= 0 and int index ? (FragmentInclude)index : null;
}
