using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Processes;

/// <summary>Users and groups as a container's own <c>/etc/passwd</c> and <c>/etc/group</c> have them (passwd(5), group(5)). Lines that are not of their form are passed over.</summary>
internal sealed class Accounts
{
    private const int MaxBytes = 1 << 20;
    private const int UserFields = 4;
    private const int GroupFields = 3;

    private readonly ImmutableArray<string[]> _users;
    private readonly ImmutableArray<string[]> _groups;

    private Accounts(ImmutableArray<string[]> users, ImmutableArray<string[]> groups)
    {
        _users = users;
        _groups = groups;
    }

    /// <summary>Reads the files of a root file system; what is missing is empty.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.UserUnknown"/>: a file is too large.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Accounts Read(string root) => new(Lines(root, "/etc/passwd", UserFields), Lines(root, "/etc/group", GroupFields));

    /// <summary>Parses the files' texts.</summary>
    public static Accounts Parse(string passwd, string group) => new(Split(passwd, UserFields), Split(group, GroupFields));

    /// <summary>Finds out whom a name of the form <c>USER</c> or <c>USER:GROUP</c> means; an empty one means 0.</summary>
    /// <remarks>With a group named there are no others. Otherwise the primary group is that of the user's line, or 0, and the others are those that list the user.</remarks>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.UserUnknown"/>.</exception>
    public Account Find(string name)
    {
        string[] parts = name.Split(':', 2);
        string userName = parts[0].Length == 0 ? "0" : parts[0];
        string[]? line = _users.FirstOrDefault(user => user[0] == userName) ?? _users.FirstOrDefault(user => IsNumber(userName, out uint id) && IsNumber(user[2], out uint listed) && id == listed);
        Identity user = line is not null ? new Identity(Canonical(line[2]), line[0])
            : IsNumber(userName, out uint number) ? new Identity(Text(number), "")
            : throw Unknown("user", userName);
        if (parts is [_, { Length: > 0 }])
        {
            return new Account(user, [FindGroup(parts[1])]);
        }

        Identity primary = FindGroup(line is not null ? Canonical(line[3]) : "0");
        IEnumerable<Identity> others = _groups
            .Where(group => user.Name.Length > 0 && group.Length > 3 && group[3].Split(',').Contains(user.Name) && IsNumber(group[2], out _))
            .Select(group => new Identity(Canonical(group[2]), group[0]))
            .Where(group => group.Id != primary.Id)
            .DistinctBy(group => group.Id);
        return new Account(user, [primary, .. others]);
    }

    private Identity FindGroup(string name)
    {
        string[]? line = _groups.FirstOrDefault(group => group[0] == name) ?? _groups.FirstOrDefault(group => IsNumber(name, out uint id) && IsNumber(group[2], out uint listed) && id == listed);
        return line is not null ? new Identity(Canonical(line[2]), line[0])
            : IsNumber(name, out uint number) ? new Identity(Text(number), "")
            : throw Unknown("group", name);
    }

    private static ImmutableArray<string[]> Lines(string root, string path, int fields)
    {
        using SafeFileHandle? file = RootedPath.OpenFile(root, path);
        if (file is null)
        {
            return [];
        }

        using var stream = new FileStream(file, FileAccess.Read);
        byte[] buffer = new byte[MaxBytes + 1];
        int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length <= MaxBytes
            ? Split(Encoding.UTF8.GetString(buffer, 0, length), fields)
            : throw new OrchestratorException(GuestErrors.UserUnknown, $"{path} of the container has more than {MaxBytes} bytes.");
    }

    private static ImmutableArray<string[]> Split(string text, int fields) =>
        [.. text.Split('\n').Select(line => line.TrimEnd('\r').Split(':')).Where(parts => parts.Length >= fields && parts[0].Length > 0 && IsNumber(parts[2], out _) && (fields == GroupFields || IsNumber(parts[3], out _)))];

    private static bool IsNumber(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < uint.MaxValue;

    private static string Canonical(string number) => IsNumber(number, out uint value) ? Text(value) : number;

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static OrchestratorException Unknown(string kind, string name) => new(GuestErrors.UserUnknown, $"The container has no {kind} \"{name}\".");
}
