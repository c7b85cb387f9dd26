using System.Collections.Immutable;

namespace Orchestrator.Containers.Layers;

/// <summary>What a layer says of a file that lists users or groups.</summary>
public abstract record AccountFile
{
    /// <summary>Bytes that such a file may have to be looked at.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Users: passwd(5).</summary>
    public const string Users = "etc/passwd";

    /// <summary>Groups: group(5).</summary>
    public const string Groups = "etc/group";

    /// <summary>The files.</summary>
    public static ImmutableArray<string> Paths { get; } = [Users, Groups];

    /// <summary>Nothing: the layers below decide.</summary>
    public sealed record Absent : AccountFile;

    /// <summary>It takes the file away.</summary>
    public sealed record Hidden : AccountFile;

    /// <summary>It has the file.</summary>
    public sealed record Content(ReadOnlyMemory<byte> Bytes) : AccountFile;

    /// <summary>It has something of that name that is not looked into: a link, or something very long.</summary>
    public sealed record Unreadable : AccountFile;
}
