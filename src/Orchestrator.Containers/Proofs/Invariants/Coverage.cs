using System.Collections.Immutable;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Proofs.Invariants;

/// <summary>Whether one rule permits all that another does. False may also mean that it was not found out.</summary>
internal static class Coverage
{
    /// <summary>A variable that <paramref name="variables"/> permits and no other rule does.</summary>
    public static TextSearchResult Stranger(EnvironmentRule variables, IReadOnlyCollection<EnvironmentRule> rules) => rules.Any(rule => IsSame(rule, variables))
        ? new TextSearchResult(true, null)
        : variables.Variables.Except(TextSet.AnyOf(rules.Select(rule => rule.Variables))).Shortest();

    /// <summary>Whether <paramref name="taker"/> permits every list of variables that <paramref name="taken"/> does.</summary>
    /// <remarks>What is required of the one has to be there because the other requires it, too.</remarks>
    public static bool Takes(ImmutableArray<EnvironmentRule> taker, ImmutableArray<EnvironmentRule> taken) =>
        taken.All(rule => Stranger(rule, taker).IsEmpty) && taker.Where(rule => rule.Required).All(needed => Requires(taken, needed));

    /// <summary>Whether what fits the rules always fulfils a requirement.</summary>
    public static bool Requires(ImmutableArray<EnvironmentRule> rules, EnvironmentRule needed) =>
        rules.Any(rule => rule.Required && Stranger(rule, [needed]).IsEmpty);

    /// <summary>Whether <paramref name="taker"/> permits every user, group and umask that <paramref name="taken"/> does.</summary>
    public static bool Takes(UserRule taker, UserRule taken) =>
        taker.Umask == taken.Umask
        && Takes([taker.User], taken.User)
        && taken.Groups.All(group => Takes(taker.Groups, group));

    /// <summary>Whether <paramref name="takers"/> permit everybody that <paramref name="taken"/> does.</summary>
    public static bool Takes(ImmutableArray<IdentityRule> takers, IdentityRule taken) =>
        takers.Any(taker => taker.Strategy == IdentityStrategy.Any)
        || taken.Strategy switch
        {
            IdentityStrategy.Any => false,
            IdentityStrategy.Id => takers.Any(taker => taker.Strategy == IdentityStrategy.Id && taker.Pattern.Text == taken.Pattern.Text),
            _ => taken.Pattern.Texts.Except(TextSet.AnyOf(takers.Where(taker => taker.Strategy is IdentityStrategy.Name or IdentityStrategy.Pattern).Select(taker => taker.Pattern.Texts))).Shortest().IsEmpty,
        };

    /// <summary>Whether <paramref name="taker"/> permits every mount that <paramref name="taken"/> does.</summary>
    /// <remarks>Passes over that the engine also admits a source that is written as the policy writes it, prefix and all: it is no path.</remarks>
    public static bool Takes(MountRule taker, MountRule taken) =>
        taker.Destination == taken.Destination
        && taker.Type == taken.Type
        && taker.Options.Length == taken.Options.Length
        && taker.Options.ToHashSet(StringComparer.Ordinal).SetEquals(taken.Options)
        && Takes(taker.Source, taken.Source);

    private static bool Takes(MountSource taker, MountSource taken) => taker.Text == taken.Text || (taker, taken) switch
    {
        (MountSource.Sandbox wide, MountSource.Sandbox narrow) => Takes(wide.Rest, narrow.Rest),
        (MountSource.HugePages wide, MountSource.HugePages narrow) => Takes(wide.Rest, narrow.Rest),
        _ => false,
    };

    private static bool Takes(TextRule wide, TextRule narrow) => narrow.Texts.Except(wide.Texts).Shortest().IsEmpty;

    private static bool IsSame(EnvironmentRule one, EnvironmentRule other) => (one, other) switch
    {
        (EnvironmentRule.Whole left, EnvironmentRule.Whole right) => IsSame(left.Variable, right.Variable),
        (EnvironmentRule.NameAndValue left, EnvironmentRule.NameAndValue right) => IsSame(left.Name, right.Name) && IsSame(left.Value, right.Value),
        _ => false,
    };

    private static bool IsSame(TextRule one, TextRule other) => one.Text == other.Text && one.IsPattern == other.IsPattern;
}
