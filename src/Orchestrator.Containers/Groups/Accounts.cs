using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Groups;

/// <summary>As whom a container runs.</summary>
/// <param name="User">The user.</param>
/// <param name="Groups">The primary group, then the supplementary ones by number.</param>
internal sealed record ResolvedUser(Identity User, ImmutableArray<Identity> Groups);

/// <summary>The users and groups that an image itself knows: passwd(5) and group(5) of the topmost layer that has them.</summary>
internal sealed class Accounts
{
    private sealed record Account(string Name, uint Id, uint Group, ImmutableArray<string> Members);

    private readonly string _container;
    private readonly ImmutableArray<Account>? _users;
    private readonly ImmutableArray<Account>? _groups;

    /// <summary>Reads the accounts of a container's layers, the bottom layer first.</summary>
    public Accounts(string container, IReadOnlyList<BuiltLayer> layers)
    {
        _container = container;
        _users = Read(layers, AccountFile.Users, fields => fields.Length >= 4, fields => Number(fields[3]), _ => []);
        _groups = Read(layers, AccountFile.Groups, fields => fields.Length >= 3, _ => 0, fields => fields.Length > 3 ? [.. fields[3].Split(',')] : []);
    }

    /// <summary>Resolves <c>USER</c> or <c>USER:GROUP</c>; the empty text is root.</summary>
    public ResolvedUser Resolve(string text)
    {
        string[] parts = text.Split(':', 2);
        Account user = FindUser(parts[0].Length == 0 ? "0" : parts[0]);
        if (parts.Length == 2 && parts[1].Length > 0)
        {
            return new ResolvedUser(IdentityOf(user), [IdentityOf(Find(_groups, parts[1], "group", AccountFile.Groups))]);
        }

        IEnumerable<Account> further = (_groups ?? []).Where(group => group.Id != user.Group && user.Name.Length > 0 && group.Members.Contains(user.Name, StringComparer.Ordinal));
        string primary = (_groups ?? []).FirstOrDefault(group => group.Id == user.Group)?.Name ?? "";
        return new ResolvedUser(
            IdentityOf(user),
            [new Identity(Text(user.Group), primary), .. further.DistinctBy(group => group.Id).OrderBy(group => group.Id).Select(IdentityOf)]);
    }

    private Account FindUser(string user) => Find(_users, user, "user", AccountFile.Users);

    private Account Find(ImmutableArray<Account>? known, string name, string kind, string file)
    {
        uint? number = Number(name);
        Account? found = (known ?? []).FirstOrDefault(account => account.Name == name) ?? (known ?? []).FirstOrDefault(account => account.Id == number);
        return found ?? (number is { } id
            ? new Account("", id, 0, [])
            : throw new OrchestratorException(GroupErrors.UserUnknown, known is null
                ? $"The container {_container} names the {kind} {name}, and the image has no /{file} that can be read."
                : $"The container {_container} names the {kind} {name}, which the image's /{file} does not have."));
    }

    private static ImmutableArray<Account>? Read(
        IReadOnlyList<BuiltLayer> layers, string path, Func<string[], bool> admits, Func<string[], uint?> group, Func<string[], ImmutableArray<string>> members)
    {
        AccountFile file = layers.Reverse().Select(layer => layer.AccountFiles[path]).FirstOrDefault(found => found is not AccountFile.Absent) ?? new AccountFile.Absent();
        if (file is not AccountFile.Content content)
        {
            return null;
        }

        return
        [
            .. Encoding.UTF8.GetString(content.Bytes.Span).Split('\n')
                .Select(line => line.TrimEnd('\r').Split(':'))
                .Where(admits)
                .Select(fields => (Name: fields[0], Id: Number(fields[2]), Group: group(fields), Members: members(fields)))
                .Where(account => account is { Name.Length: > 0, Id: not null, Group: not null })
                .Select(account => new Account(account.Name, account.Id!.Value, account.Group!.Value, account.Members)),
        ];
    }

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number < uint.MaxValue ? number : null;

    private static Identity IdentityOf(Account account) => new(Text(account.Id), account.Name);

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
