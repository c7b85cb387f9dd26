using System.Diagnostics;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>A file system of 8 MiB in memory, which can be filled up. Mounting it takes root: the test is skipped where that is missing.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Mount()
    {
        string path = Directory.CreateTempSubdirectory("disk-").FullName;
        if (!Environment.IsPrivilegedProcess || !Run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", path))
        {
            Directory.Delete(path);
            Assert.Skip("A small disk can only be mounted by root, where the kernel allows it.");
        }

        return new SmallDisk(path);
    }

    /// <summary>Takes all room but so many bytes, a whole number of pages.</summary>
    public void Fill(int leave)
    {
        byte[] page = new byte[4096];
        using var filler = new FileStream(Filler, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                filler.Write(page);
            }
        }
        catch (IOException)
        {
            filler.SetLength(Math.Max(0, filler.Length - leave));
        }
    }

    public void Empty() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path, recursive: true);
    }

    private static bool Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
