using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Users;

/// <summary>
/// Users and groups as a container's own <c>/etc/passwd</c> and <c>/etc/group</c> have them (passwd(5), group(5)). Lines that are not of their form
/// are passed over. Who writes a policy and the guest that enforces it both look users up here: they have to find the same.
/// </summary>
/// <param name="passwd">Text of the one file; null: there is none.</param>
/// <param name="group">Text of the other.</param>
/// <param name="unknown">The failure for a kind (<c>user</c> or <c>group</c>) and a name that is not found.</param>
public sealed class Accounts(string? passwd, string? group, Func<string, string, OrchestratorException> unknown)
{
    private const int UserFields = 4;
    private const int GroupFields = 3;

    private readonly ImmutableArray<string[]> _users = [.. Lines(passwd, UserFields).Where(line => Number(line[3]) is not null)];
    private readonly ImmutableArray<string[]> _groups = [.. Lines(group, GroupFields)];

    /// <summary>Finds out whom a name of the form <c>USER</c> or <c>USER:GROUP</c> means; an empty one means 0.</summary>
    /// <remarks>With a group named there are no others. Otherwise the primary group is that of the user's line, or 0, and the others are those that list the user.</remarks>
    /// <exception cref="OrchestratorException">What this was made with.</exception>
    public Account Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] parts = name.Split(':', 2);
        string userName = parts[0].Length == 0 ? "0" : parts[0];
        string[]? line = LineOf(_users, userName);
        Identity user = Identify(line, userName, "user");
        if (parts is [_, { Length: > 0 } groupName])
        {
            return new Account(user, [FindGroup(groupName)]);
        }

        Identity primary = FindGroup(line?[3] ?? "0", byNumber: true);
        IEnumerable<Identity> others = _groups
            .Where(listed => user.Name.Length > 0 && listed.Length > GroupFields && listed[GroupFields].Split(',').Contains(user.Name))
            .OrderBy(listed => Number(listed[2]))
            .Select(Identify)
            .Where(listed => listed.Id != primary.Id)
            .DistinctBy(listed => listed.Id);
        return new Account(user, [primary, .. others]);
    }

    private Identity FindGroup(string name, bool byNumber = false) => Identify(LineOf(_groups, name, byNumber), name, "group");

    private Identity Identify(string[]? line, string name, string kind) => line is not null ? Identify(line)
        : Number(name) is { } number ? new Identity(Text(number), "")
        : throw unknown(kind, name);

    // A name may look like a number; then it is a name first, except where the file itself means a number.
    private static string[]? LineOf(ImmutableArray<string[]> lines, string name, bool byNumber = false) =>
        (byNumber ? null : lines.FirstOrDefault(line => line[0] == name)) ?? (Number(name) is { } number ? lines.FirstOrDefault(line => Number(line[2]) == number) : null);

    private static Identity Identify(string[] line) => new(Text(Number(line[2])!.Value), line[0]);

    private static IEnumerable<string[]> Lines(string? text, int fields) => (text ?? "").Split('\n')
        .Select(line => line.TrimEnd('\r').Split(':'))
        .Where(parts => parts.Length >= fields && parts[0].Length > 0 && Number(parts[2]) is not null);

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number < uint.MaxValue ? number : null;

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
