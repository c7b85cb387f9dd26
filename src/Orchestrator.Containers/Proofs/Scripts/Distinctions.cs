using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>What one container permits and another of its image perhaps does not; whether it really does not, the engine says.</summary>
internal static class Distinctions
{
    /// <summary>The request, of a process that may gain privileges.</summary>
    public static CreateContainer WithNewPrivileges(CreateContainer request) => request with { Privileges = request.Privileges with { NoNewPrivileges = false } };

    /// <summary>The request with a variable more.</summary>
    public static CreateContainer With(CreateContainer request, string variable) =>
        request with { Process = request.Process with { Environment = request.Process.Environment.Add(variable) } };

    /// <summary>Variables that only <paramref name="entry"/> permits.</summary>
    public static IEnumerable<string> Variables(ContainerEntry entry, ContainerEntry other) =>
        entry.Policy.Environment.Select(rule => Coverage.Stranger(rule, other.Policy.Environment).Text).OfType<string>();

    /// <summary>Mounts of <paramref name="entry"/>, first as they are, then from a source that the other does not permit.</summary>
    public static IEnumerable<MountRequest> Mounts(ContainerEntry entry, ContainerEntry other) => entry.Mounts.SelectMany(rule => Mounts(rule, other));

    /// <summary>Users that only <paramref name="entry"/> permits.</summary>
    public static IEnumerable<Identity> Users(ContainerEntry entry, ContainerEntry other) => Identities(entry.Policy.User.User, [other.Policy.User.User]);

    /// <summary>Groups that only <paramref name="entry"/> permits.</summary>
    public static IEnumerable<Identity> Groups(ContainerEntry entry, ContainerEntry other) =>
        entry.Policy.User.Groups.SelectMany(rule => Identities(rule, other.Policy.User.Groups));

    private static IEnumerable<MountRequest> Mounts(MountRule rule, ContainerEntry other)
    {
        TextRule? rest = RestOf(rule.Source);
        IEnumerable<TextSet> others = other.Mounts.Select(mount => RestOf(mount.Source)).OfType<TextRule>().Select(text => text.Texts);
        return new[] { Samples.Mount(rule), rest is null ? null : Samples.Mount(rule, TextSet.AnyOf(others).Complement()) }.OfType<MountRequest>();
    }

    private static TextRule? RestOf(MountSource source) => source switch
    {
        MountSource.Sandbox sandbox => sandbox.Rest,
        MountSource.HugePages pages => pages.Rest,
        _ => null,
    };

    private static IEnumerable<Identity> Identities(IdentityRule rule, ImmutableArray<IdentityRule> others)
    {
        // Neither number nor name is one that policies write.
        const string Stranger = "4294967294";
        TextSet names = TextSet.AnyOf(others.Where(other => other.Strategy is IdentityStrategy.Name or IdentityStrategy.Pattern).Select(other => other.Pattern.Texts)).Complement();
        string stranger = names.Shortest().Text ?? "nobody-else";
        return rule.Strategy switch
        {
            IdentityStrategy.Any => [new Identity(Stranger, stranger)],
            IdentityStrategy.Id => [new Identity(rule.Pattern.Text, stranger)],
            _ => rule.Pattern.Texts.And(names).Shortest().Text is { } name ? [new Identity(Stranger, name)] : [new Identity(Stranger, rule.Pattern.Texts.Shortest().Text ?? "")],
        };
    }
}
