using System.Text;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Users;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Groups;

/// <summary>The users and groups that an image itself knows: those of the topmost layer that has the files.</summary>
internal static class ImageAccounts
{
    /// <summary>Reads the accounts of a container's layers, the bottom layer first.</summary>
    public static Accounts Read(string container, IReadOnlyList<BuiltLayer> layers)
    {
        string? users = TextOf(layers, AccountFile.Users);
        string? groups = TextOf(layers, AccountFile.Groups);
        return new Accounts(users, groups, (kind, name) =>
        {
            (string? known, string file) = kind == "user" ? (users, AccountFile.Users) : (groups, AccountFile.Groups);
            return new OrchestratorException(GroupErrors.UserUnknown, known is null
                ? $"The container {container} names the {kind} {name}, and the image has no /{file} that can be read."
                : $"The container {container} names the {kind} {name}, which the image's /{file} does not have.");
        });
    }

    private static string? TextOf(IReadOnlyList<BuiltLayer> layers, string path) =>
        layers.Reverse().Select(layer => layer.AccountFiles[path]).FirstOrDefault(found => found is not AccountFile.Absent) is AccountFile.Content content
            ? Encoding.UTF8.GetString(content.Bytes.Span) : null;
}
