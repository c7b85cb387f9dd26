using System.Collections.Immutable;
using Orchestrator.Containers.Layers.Erofs;
using Orchestrator.Containers.Layers.Tar;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers;

/// <summary>
/// The names of a layer while its archive is read. Contents go straight to <paramref name="image"/>; whatever two readers of the archive could
/// take for different things is refused.
/// </summary>
internal sealed class LayerTree(ErofsWriter image)
{
    private const string WhiteoutPrefix = ".wh.";
    private const string OpaqueMark = ".wh..wh..opq";

    private readonly Dictionary<string, byte[]> _accountFiles = new(StringComparer.Ordinal);
    private int _names;
    private int _attributes;

    public LayerFolder Root { get; } = new();

    /// <summary>What the layer says of a file of users or groups.</summary>
    /// <param name="path">One of <see cref="AccountFile.Paths"/>.</param>
    public AccountFile AccountFileAt(string path)
    {
        if (_accountFiles.TryGetValue(path, out byte[]? content))
        {
            return new AccountFile.Content(content);
        }

        LayerNode? node = Root;
        bool hidden = false;
        foreach (string name in path.Split('/'))
        {
            if (node is not LayerFolder folder)
            {
                break;
            }

            hidden |= folder.Opaque || folder.Whiteouts.Contains(name);
            node = folder.Children.GetValueOrDefault(name);
            if (node is null)
            {
                return hidden ? new AccountFile.Hidden() : new AccountFile.Absent();
            }
        }

        return new AccountFile.Unreadable();
    }

    /// <summary>Adds an entry, whose content <paramref name="archive"/> is about to read.</summary>
    public void Add(TarEntry entry, TarReader archive)
    {
        RequireKind(entry);
        CountAttributes(LayerAttributes.Require(entry), entry);
        ImmutableArray<string> path = LayerPath.Split(entry.Name, entry);
        if (entry.Kind == TarEntryKind.Folder)
        {
            AddFolder(path, entry);
            return;
        }

        if (path.IsEmpty)
        {
            throw new OrchestratorException(LayerErrors.EntryType, $"{entry.Shown}: the layer's root is no folder.");
        }

        LayerFolder folder = Open(path.AsSpan()[..^1], entry);
        string name = path[^1];
        if (name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
        {
            AddWhiteout(folder, name, entry);
            return;
        }

        if (folder.Children.ContainsKey(name))
        {
            throw Duplicate(entry);
        }

        AddNode(folder, name, new LayerLeaf(Leaf(entry, archive)), entry);
    }

    // One entry can name two thousand folders.
    private void AddNode(LayerFolder folder, string name, LayerNode node, TarEntry entry)
    {
        folder.Children.Add(name, node);
        if (++_names > LayerLimits.MaxEntries)
        {
            throw new OrchestratorException(LayerErrors.TooLarge, $"{entry.Shown}: the layer has more than {LayerLimits.MaxEntries} names.");
        }
    }

    private void CountAttributes(int length, TarEntry entry)
    {
        _attributes += length;
        if (_attributes > LayerLimits.MaxAllAttributes)
        {
            throw new OrchestratorException(LayerErrors.TooLarge, $"{entry.Shown}: the layer has more than {LayerLimits.MaxAllAttributes} bytes of attributes.");
        }
    }

    private ErofsInode Leaf(TarEntry entry, TarReader archive) => entry.Kind switch
    {
        TarEntryKind.File => image.AddFile(entry.Metadata, entry.Size, Content(entry, archive)),
        TarEntryKind.SymbolicLink => image.AddSymbolicLink(entry.Metadata, TargetOf(entry)),
        TarEntryKind.Fifo => image.AddFifo(entry.Metadata),
        _ => Linked(entry),
    };

    private ContentReader Content(TarEntry entry, TarReader archive)
    {
        string path = string.Join('/', LayerPath.Split(entry.Name, entry));
        if (!AccountFile.Paths.Contains(path) || entry.Size > AccountFile.MaxBytes)
        {
            return archive.Read;
        }

        byte[] content = archive.ReadAll();
        _accountFiles.Add(path, content);
        return new MemoryStream(content).Read;
    }

    private static void RequireKind(TarEntry entry)
    {
        OrchestratorException Refuse(ErrorCode code, string finding) => new(code, $"{entry.Shown}: {finding}.");
        switch (entry.Kind)
        {
            case TarEntryKind.CharacterDevice or TarEntryKind.BlockDevice:
                throw Refuse(LayerErrors.DeviceNode, $"a {(entry.Kind == TarEntryKind.BlockDevice ? "block" : "character")} device");
            case TarEntryKind.Sparse:
                throw Refuse(LayerErrors.Sparse, "a sparse file");
            case TarEntryKind.Other:
                throw Refuse(LayerErrors.EntryType, $"the type '{(char.IsAsciiLetterOrDigit(entry.TypeFlag) ? entry.TypeFlag : '?')}' (0x{(int)entry.TypeFlag:x2})");
            case TarEntryKind.File when entry.Name.EndsWith('/'):
                throw Refuse(LayerErrors.EntryType, "a file whose name ends like a folder's");
            case TarEntryKind.HardLink when entry.Size > 0:
                throw Refuse(LayerErrors.HardLink, $"a hard link with {entry.Size} bytes of content");
            case not TarEntryKind.File when entry.Size > 0:
                throw Refuse(LayerErrors.EntryType, $"{entry.Size} bytes of content, which a {entry.Kind} cannot have");
        }
    }

    private void AddFolder(ImmutableArray<string> path, TarEntry entry)
    {
        if (path is [.., { } name] && name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
        {
            throw new OrchestratorException(LayerErrors.Whiteout, $"{entry.Shown}: a whiteout that is a folder.");
        }

        if (!Open(path.AsSpan(), entry).Describe(entry.Metadata))
        {
            throw Duplicate(entry);
        }
    }

    /// <summary>The folder at a path; it and those above it are made if no entry has described them yet.</summary>
    private LayerFolder Open(ReadOnlySpan<string> path, TarEntry entry)
    {
        LayerFolder folder = Root;
        foreach (string name in path)
        {
            if (name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
            {
                throw new OrchestratorException(LayerErrors.Whiteout, $"{entry.Shown}: below a whiteout's name.");
            }

            if (!folder.Children.TryGetValue(name, out LayerNode? next))
            {
                AddNode(folder, name, next = new LayerFolder(), entry);
            }

            folder = next as LayerFolder ?? throw (entry.Kind == TarEntryKind.Folder && name == path[^1]
                ? Duplicate(entry)
                : new OrchestratorException(LayerErrors.PathThroughLink, $"{entry.Shown}: {TarEntry.Show(name)} is not a folder in this layer."));
        }

        return folder;
    }

    private void AddWhiteout(LayerFolder folder, string name, TarEntry entry)
    {
        OrchestratorException Refuse(string finding) => new(LayerErrors.Whiteout, $"{entry.Shown}: {finding}.");
        if (entry.Kind != TarEntryKind.File || entry.Size > 0)
        {
            throw Refuse("a whiteout that is not an empty file");
        }

        if (name == OpaqueMark)
        {
            if (ReferenceEquals(folder, Root))
            {
                throw Refuse("it hides every layer below, which stacking layers does not do");
            }

            folder.Opaque = folder.Opaque ? throw Duplicate(entry) : true;
            return;
        }

        string hidden = name[WhiteoutPrefix.Length..];
        if (hidden is "" or "." or ".." || hidden.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
        {
            throw Refuse("no whiteout has such a name");
        }

        if (!folder.Whiteouts.Add(hidden))
        {
            throw Duplicate(entry);
        }
    }

    private ErofsInode Linked(TarEntry entry)
    {
        LayerNode? node = Root;
        foreach (string name in LayerPath.Split(entry.LinkTarget, entry))
        {
            node = (node as LayerFolder)?.Children.GetValueOrDefault(name);
        }

        ErofsInode inode = (node as LayerLeaf)?.Inode ?? throw new OrchestratorException(
            LayerErrors.HardLink, $"{entry.Shown}: a hard link to {TarEntry.Show(entry.LinkTarget)}, which is not an earlier file of this layer.");
        image.Link(inode);
        return inode;
    }

    private static string TargetOf(TarEntry entry)
    {
        string target = entry.LinkTarget;
        return target.Length is > 0 and <= LayerLimits.MaxPath && !target.Contains('\0', StringComparison.Ordinal)
            ? target
            : throw new OrchestratorException(LayerErrors.Name, $"{entry.Shown}: a link's target of {target.Length} bytes; it has to have 1 to {LayerLimits.MaxPath}, none of them zero.");
    }

    private static OrchestratorException Duplicate(TarEntry entry) =>
        new(LayerErrors.DuplicateEntry, $"{entry.Shown}: the layer has another entry of this name.");
}
