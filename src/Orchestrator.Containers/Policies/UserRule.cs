using System.Collections.Immutable;

namespace Orchestrator.Containers.Policies;

/// <summary>How an <see cref="IdentityRule"/> reads a user or group.</summary>
public enum IdentityStrategy
{
    /// <summary>Whoever it is.</summary>
    Any,

    /// <summary>By number.</summary>
    Id,

    /// <summary>By name.</summary>
    Name,

    /// <summary>By a pattern over the name.</summary>
    Pattern,
}

/// <summary>A user or group as the container's image resolves it.</summary>
/// <param name="Id">Decimal number.</param>
/// <param name="Name">Empty where the image has none.</param>
public sealed record Identity(string Id, string Name);

/// <summary>Users or groups that a process may run as.</summary>
public sealed record IdentityRule(IdentityStrategy Strategy, TextRule Pattern)
{
    /// <summary>Whether <paramref name="identity"/> is permitted.</summary>
    public bool Permits(Identity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return Strategy == IdentityStrategy.Any || Pattern.Permits(Strategy == IdentityStrategy.Id ? identity.Id : identity.Name);
    }
}

/// <summary>As whom a process may run.</summary>
/// <param name="User">The user.</param>
/// <param name="Groups">Every group of the process has to match one of them.</param>
/// <param name="Umask">Exactly, e.g. <c>0022</c>.</param>
public sealed record UserRule(IdentityRule User, ImmutableArray<IdentityRule> Groups, string Umask)
{
    /// <summary>Anybody with umask 0022: what policies older than framework 0.2.1 mean.</summary>
    public static UserRule Anybody { get; } = new(Any, [Any], "0022");

    private static IdentityRule Any => new(IdentityStrategy.Any, TextRule.Exactly(""));

    /// <summary>Whether a process may run so.</summary>
    public bool Permits(Identity user, ImmutableArray<Identity> groups, string umask) =>
        umask == Umask && User.Permits(user) && groups.All(group => Groups.Any(rule => rule.Permits(group)));
}
