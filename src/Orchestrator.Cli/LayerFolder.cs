using Orchestrator.Crypto.IO;

namespace Orchestrator.Cli;

/// <summary>Where layer images go: a folder that somebody named, or a temporary one that goes with this.</summary>
internal sealed class LayerFolder : IDisposable
{
    private LayerFolder(string path, bool isKept)
    {
        Path = path;
        IsKept = isKept;
    }

    /// <summary>An existing folder.</summary>
    public string Path { get; }

    /// <summary>Whether the layer images stay.</summary>
    public bool IsKept { get; }

    /// <summary>The folder at <paramref name="path"/>, made if absent; null: a temporary one.</summary>
    public static LayerFolder At(string? path) => path is null
        ? new LayerFolder(Directory.CreateTempSubdirectory("orchestrator-layers-").FullName, isKept: false)
        : new LayerFolder(LocalFile.Guard(path, () => Directory.CreateDirectory(path).FullName), isKept: true);

    public void Dispose()
    {
        if (!IsKept)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
