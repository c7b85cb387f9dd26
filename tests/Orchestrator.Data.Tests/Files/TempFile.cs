namespace Orchestrator.Data.Tests.Files;

/// <summary>A file in a folder of its own that goes with it.</summary>
internal sealed class TempFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-data-");

    public TempFile(string name, ReadOnlySpan<byte> content)
    {
        Path = System.IO.Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(Path, content);
    }

    public string Path { get; }

    public void Dispose() => _folder.Delete(recursive: true);
}
