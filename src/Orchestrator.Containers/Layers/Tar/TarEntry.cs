using System.Collections.Immutable;
using System.Text;

namespace Orchestrator.Containers.Layers.Tar;

/// <summary>What an entry of an archive is.</summary>
internal enum TarEntryKind
{
    File,
    HardLink,
    SymbolicLink,
    CharacterDevice,
    BlockDevice,
    Folder,
    Fifo,
    Sparse,
    Other,
}

/// <summary>Time of modification: seconds since 1970, and nanoseconds from 0 to 999,999,999 behind them.</summary>
internal readonly record struct TarTime(long Seconds, uint Nanoseconds);

/// <summary>Who may do what with an entry.</summary>
/// <param name="Mode">Permissions with set-id and sticky bits, 12 bits.</param>
/// <param name="Uid">The owner's number.</param>
/// <param name="Gid">The group's number.</param>
/// <param name="Modified">When its content changed last.</param>
internal sealed record TarMetadata(ushort Mode, uint Uid, uint Gid, TarTime Modified)
{
    /// <summary>Extended attributes by full name, sorted.</summary>
    public ImmutableSortedDictionary<string, byte[]> Attributes { get; init; } = ImmutableSortedDictionary.Create<string, byte[]>(StringComparer.Ordinal);

    /// <summary>Whether both say the same, attributes by their bytes.</summary>
    public bool Matches(TarMetadata other) =>
        (Mode, Uid, Gid, Modified) == (other.Mode, other.Uid, other.Gid, other.Modified)
        && Attributes.Count == other.Attributes.Count
        && Attributes.All(pair => other.Attributes.TryGetValue(pair.Key, out byte[]? value) && value.AsSpan().SequenceEqual(pair.Value));
}

/// <summary>An entry as the archive describes it; nothing of it is judged yet. Names hold one character for each byte.</summary>
internal sealed record TarEntry(TarEntryKind Kind, string Name, string LinkTarget, long Size, TarMetadata Metadata, char TypeFlag)
{
    /// <summary>The name for messages.</summary>
    public string Shown => Show(Name);

    /// <summary>A name of bytes, as text.</summary>
    public static string Show(string name)
    {
        string text = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(name));
        return text.Length <= 200 ? text : text[..200] + "…";
    }
}
