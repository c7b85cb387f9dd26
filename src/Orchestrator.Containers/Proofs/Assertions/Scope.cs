using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>
/// Which containers and processes a claim is about. The engine knows no names: it tells containers apart by their layers until they are
/// created. A name therefore stands for every container of the images that containers so called are made of, unless only a container is
/// meant; then for those of the same image and command.
/// </summary>
internal sealed class Scope
{
    private readonly string? _name;
    private readonly ImmutableHashSet<ContainerEntry> _entries;

    private Scope(string? name, IEnumerable<ContainerEntry> entries)
    {
        _name = name;
        _entries = entries.ToImmutableHashSet<ContainerEntry>(ReferenceEqualityComparer.Instance);
    }

    /// <summary>Every container and process.</summary>
    public static Scope Everything { get; } = new(null, []);

    /// <summary>Whether the claim is about some of them only.</summary>
    public bool IsNamed => _name is not null;

    /// <summary>Finds what <paramref name="words"/> name: <c>NAME</c>, <c>#N</c>, <c>image NAME</c> or <c>container NAME</c>.</summary>
    /// <exception cref="OrchestratorException"><see cref="ProofErrors.Subject"/>: there is nothing of that name.</exception>
    public static Scope Of(GroupInvariant invariant, IReadOnlyList<string> words)
    {
        bool one = words is ["container", _];
        string name = words is ["container" or "image", string second] ? second : string.Join(' ', words);
        ContainerEntry[] named = [.. invariant.Containers.Where(entry => IsCalled(entry, name))];
        bool beside = invariant.Policy.ExternalProcesses.Any(process => Mentions(process.Command, name));
        bool inside = invariant.Policy.Containers.Any(container => container.ExecProcesses.Any(process => Mentions(process.Command, name)));
        if (named.Length == 0 && !beside && !inside)
        {
            string known = invariant.Containers.IsEmpty ? "The policy has no containers." : $"There are {Words.List(invariant.Containers.Select(entry => entry.Name))}.";
            throw new OrchestratorException(ProofErrors.Subject, $"Nothing in the policy is called \"{name}\". {known}");
        }

        return new Scope(name, invariant.Containers.Where(entry => named.Any(found => one ? entry.CanStandInFor(found) : entry.SharesImage(found))));
    }

    /// <summary>Whether the claim is about this container.</summary>
    public bool Has(ContainerEntry entry) => !IsNamed || _entries.Contains(entry);

    /// <summary>Whether the claim is about a process of this command for its name's sake, wherever it runs.</summary>
    public bool HasProcess(ImmutableArray<string> command) => _name is not null && Mentions(command, _name);

    /// <summary>Whether the claim is about a process beside the containers.</summary>
    public bool HasBeside(ImmutableArray<string> command) => !IsNamed || HasProcess(command);

    /// <summary>Whether the claim is about what the container of that ID can be. Of a container that is not remembered nobody knows what it is.</summary>
    public bool Has(GroupInvariant invariant, GroupState state, string id) =>
        !IsNamed || !state.Candidates.TryGetValue(id, out ImmutableArray<ContainerPolicy> candidates)
        || candidates.Any(candidate => invariant.Find(candidate) is not { } entry || _entries.Contains(entry));

    /// <summary>A command that is about what the claim names.</summary>
    public string Program => _name is { } name && !name.StartsWith('#') ? name : "anything";

    private static bool IsCalled(ContainerEntry entry, string name) =>
        string.Equals(entry.Policy.Label, name, StringComparison.OrdinalIgnoreCase)
        || name == string.Create(CultureInfo.InvariantCulture, $"#{entry.Number}")
        || Mentions([entry.Policy.Id], name)
        || Mentions(entry.Policy.Command, name);

    // The program, its file's name, or a word of an argument: "sh -c 'join a b'" is join's, too.
    private static bool Mentions(ImmutableArray<string> command, string name) => command.Any(part =>
        part == name || part.Split('/')[^1] == name || WordsOf(part).Contains(name, StringComparer.Ordinal));

    private static IEnumerable<string> WordsOf(string text)
    {
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || !(char.IsLetterOrDigit(text[i]) || text[i] is '_' or '-'))
            {
                yield return text[start..i];
                start = i + 1;
            }
        }
    }
}
