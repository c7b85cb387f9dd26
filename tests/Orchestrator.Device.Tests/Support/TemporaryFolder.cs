namespace Orchestrator.Device.Tests.Support;

/// <summary>A fresh folder that goes away with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("device-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Fills it with the device's installed program.</summary>
    public void Install()
    {
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, this[System.IO.Path.GetFileName(file)]);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
