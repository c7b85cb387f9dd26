using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>No process runs as a user, or none with a group.</summary>
/// <param name="text">As it was put.</param>
/// <param name="scope">Which processes.</param>
/// <param name="who">The name or number that none may have.</param>
/// <param name="groups">Whether groups are meant.</param>
internal sealed class NeverIdentity(string text, Scope scope, string who, bool groups) : ProcessAssertion(text, scope)
{
    private readonly long? _number = Number(who == "root" ? "0" : who);

    protected override bool IsSaidOfProcessesBeside => false;

    public override IEnumerable<string> Remarks(GroupInvariant invariant) =>
        ["A rule by number permits every name, a rule by name every number: the image says which belong together."];

    protected override IEnumerable<Change> Changes(ImmutableArray<string> command, string workingDirectory, ImmutableArray<EnvironmentRule> rules, ContainerEntry? container)
    {
        UserRule user = container!.Policy.User;
        foreach (IdentityRule rule in groups ? user.Groups : [user.User])
        {
            if (Find(rule) is { } identity)
            {
                yield return new Change($"may run as {Describe(identity)}", start => With(start, identity));
            }
            else if (rule.Strategy == IdentityStrategy.Pattern && !rule.Pattern.Texts.Shortest().Decided)
            {
                yield return new Change($"may run as {who}: the pattern is too large to tell", _ => null);
            }
        }
    }

    protected override Start Unrestricted(Start start) => With(start, new Identity(Id("0"), _number is null ? who : ""));

    protected override bool Breaks(Start granted) => groups ? granted.Privileges!.Groups.Any(IsMeant) : IsMeant(granted.Privileges!.User);

    // The kernel keeps 32 bits of a number.
    private bool IsMeant(Identity identity) => _number is { } number ? Number(identity.Id) is { } found && unchecked((uint)found == (uint)number) : identity.Name == who;

    // Somebody who is meant and whom the rule permits.
    private Identity? Find(IdentityRule rule)
    {
        Identity identity = rule.Strategy switch
        {
            IdentityStrategy.Any => new Identity(Id("1000"), _number is null ? who : ""),
            IdentityStrategy.Id => new Identity(rule.Pattern.Text, _number is null ? who : ""),
            _ => new Identity(Id("1000"), _number is null || rule.Pattern.Permits(who) ? who : rule.Pattern.Texts.Shortest().Text ?? who),
        };
        return IsMeant(identity) && rule.Permits(identity) ? identity : null;
    }

    private string Id(string otherwise) => _number?.ToString(CultureInfo.InvariantCulture) ?? otherwise;

    private Start With(Start start, Identity identity) =>
        start with { Privileges = groups ? start.Privileges! with { Groups = [identity] } : start.Privileges! with { User = identity } };

    private string Describe(Identity identity) => $"{(groups ? "group" : "user")} {identity.Id}{(identity.Name.Length > 0 ? $" ({Words.Quote(identity.Name)})" : "")}";

    private static long? Number(string text) => long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
}
