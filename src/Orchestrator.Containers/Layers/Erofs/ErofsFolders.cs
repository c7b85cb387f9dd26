using Orchestrator.Containers.Layers.Tar;

namespace Orchestrator.Containers.Layers.Erofs;

/// <summary>Writes a layer's folders: first a place for each, in the order of their paths, then their entries, which name those places.</summary>
internal sealed class ErofsFolders(ErofsWriter image)
{
    private sealed record Placed(LayerFolder Folder, ErofsDirectory Entries, ErofsInode Inode, Place Place, Dictionary<string, ErofsInode> Names);

    private readonly List<Placed> _placed = [];

    /// <summary>Writes <paramref name="root"/> and all below it.</summary>
    public void Write(LayerFolder root)
    {
        PlaceAll(root);
        foreach (Placed folder in _placed)
        {
            image.WriteWhole(folder.Inode, folder.Place, folder.Entries.Encode(name => folder.Names[name]));
        }
    }

    // Not by recursion: a layer's author chooses how deep it nests.
    private void PlaceAll(LayerFolder root)
    {
        var next = new Stack<(string Name, LayerFolder Folder, Placed? Parent)>([("", root, null)]);
        while (next.TryPop(out (string Name, LayerFolder Folder, Placed? Parent) item))
        {
            Placed placed = PlaceOne(item.Name, item.Folder, item.Parent);
            item.Parent?.Names.Add(item.Name, placed.Inode);
            foreach ((string name, LayerFolder folder) in FoldersIn(item.Folder).OrderByDescending(child => child.Name, StringComparer.Ordinal))
            {
                next.Push((name, folder, placed));
            }
        }
    }

    private Placed PlaceOne(string name, LayerFolder folder, Placed? parent)
    {
        // A whiteout beside a folder of its name hides what the layers below have in that folder; then nothing is left to hide in it.
        bool opaque = folder.Opaque || parent?.Folder.Whiteouts.Contains(name) == true;
        List<string> whiteouts = opaque ? [] : [.. folder.Whiteouts.Where(hidden => !folder.Children.ContainsKey(hidden)).Order(StringComparer.Ordinal)];
        var entries = new ErofsDirectory(folder.Children.Keys.Concat(whiteouts));
        TarMetadata metadata = folder.Metadata;
        if (opaque)
        {
            metadata = metadata with { Attributes = metadata.Attributes.Add(LayerAttributes.Opaque.Key, LayerAttributes.Opaque.Value) };
        }

        uint links = 2 + (uint)FoldersIn(folder).Count();
        (ErofsInode inode, Place place) = image.PlaceFolder(metadata, entries.Size, links, isRoot: parent is null);
        var names = new Dictionary<string, ErofsInode>(StringComparer.Ordinal) { ["."] = inode, [".."] = parent?.Inode ?? inode };
        foreach ((string child, LayerNode node) in folder.Children)
        {
            if (node is LayerLeaf leaf)
            {
                names.Add(child, leaf.Inode);
            }
        }

        foreach (string hidden in whiteouts)
        {
            names.Add(hidden, image.AddWhiteout());
        }

        var placed = new Placed(folder, entries, inode, place, names);
        _placed.Add(placed);
        return placed;
    }

    private static IEnumerable<(string Name, LayerFolder Folder)> FoldersIn(LayerFolder folder) =>
        folder.Children.Where(child => child.Value is LayerFolder).Select(child => (child.Key, (LayerFolder)child.Value));
}
