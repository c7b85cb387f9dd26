using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Users;

/// <summary>A user of a container's image, with its groups.</summary>
/// <param name="User">The user.</param>
/// <param name="Groups">The primary group, then the supplementary ones by number.</param>
public sealed record Account(Identity User, ImmutableArray<Identity> Groups)
{
    /// <summary>The user's number.</summary>
    public uint UserId => Number(User);

    /// <summary>The primary group's number.</summary>
    public uint GroupId => Number(Groups[0]);

    /// <summary>The supplementary groups' numbers.</summary>
    public IEnumerable<uint> SupplementaryIds => Groups.Skip(1).Select(Number);

    private static uint Number(Identity identity) => uint.Parse(identity.Id, CultureInfo.InvariantCulture);
}
