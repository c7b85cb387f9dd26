using System.Diagnostics;
using System.Formats.Tar;
using Orchestrator.Containers.Layers;

namespace Orchestrator.Guest.Tests.Support;

/// <summary>Layers made of what Debian's packages have installed on this machine.</summary>
internal static class TestImages
{
    private static readonly string[] s_applets = ["sh", "cat", "echo", "env", "false", "id", "ls", "mkdir", "sleep", "touch", "true", "wc", "head", "kill", "tee", "ln"];

    /// <summary>A static shell and a few commands; one user, <c>worker</c> (1000), who is also in the group <c>data</c> (2000).</summary>
    public static LayerImage Busybox(string folder)
    {
        const string Program = "/usr/bin/busybox";
        Assert.SkipUnless(File.Exists(Program), "busybox-static is not installed.");
        return Write(folder, tar =>
        {
            AddFolders(tar, "bin", "etc", "proc", "dev", "sys", "tmp", "outputs");
            tar.WriteEntry(Program, "bin/busybox");
            foreach (string applet in s_applets)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, $"bin/{applet}") { LinkName = "busybox" });
            }

            AddText(tar, "etc/passwd", "root:x:0:0:root:/:/bin/sh\nworker:x:1000:1000::/:/bin/sh\n");
            AddText(tar, "etc/group", "root:x:0:\nworker:x:1000:\ndata:x:2000:worker\n");
        });
    }

    /// <summary>A layer with one file.</summary>
    public static LayerImage OneFile(string folder, string path, string text) => Write(folder, tar => AddText(tar, path, text));

    /// <summary>A layer with these files.</summary>
    public static LayerImage Files(string folder, params (string Path, string Text)[] files) => Write(folder, tar =>
    {
        foreach ((string path, string text) in files)
        {
            AddText(tar, path, text);
        }
    });

    /// <summary>A Python interpreter with its smallest library and what it is linked with.</summary>
    public static LayerImage Python(string folder)
    {
        const string Program = "/usr/bin/python3";
        Assert.SkipUnless(File.Exists(Program), "python3-minimal is not installed.");
        string interpreter = File.ResolveLinkTarget(Program, returnFinalTarget: true)!.FullName;
        string version = Path.GetFileName(interpreter);
        string[] packages = [$"{version}-minimal", $"lib{version}-minimal"];
        string[] libraries = [.. Run("ldd", interpreter).Split('\n').SelectMany(line => line.Split(' ')).Where(word => word.Trim().StartsWith('/')).Select(word => word.Trim())];
        string[] files = [.. packages.SelectMany(package => Run("dpkg", "-L", package).Split('\n')).Where(path => path.StartsWith("/usr/bin/", StringComparison.Ordinal) || path.StartsWith("/usr/lib/python", StringComparison.Ordinal)).Where(File.Exists), .. libraries];
        return Write(folder, tar =>
        {
            AddFolders(tar, "etc", "proc", "dev", "sys", "tmp");
            var seen = new HashSet<string> { "etc", "proc", "dev", "sys", "tmp" };
            foreach (string file in files.Distinct())
            {
                AddParents(tar, seen, file[1..]);
                if (seen.Add(file[1..]))
                {
                    using FileStream content = File.OpenRead(file);
                    tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, file[1..]) { DataStream = content, Mode = (UnixFileMode)0b111_101_101 });
                }
            }
        });
    }

    private static LayerImage Write(string folder, Action<TarWriter> fill)
    {
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            fill(tar);
        }

        archive.Position = 0;
        return LayerImageWriter.Write(archive, folder).Image;
    }

    private static void AddFolders(TarWriter tar, params IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)0b111_101_101 });
        }
    }

    private static void AddParents(TarWriter tar, HashSet<string> seen, string path)
    {
        string[] parts = path.Split('/');
        for (int i = 1; i < parts.Length; i++)
        {
            string parent = string.Join('/', parts[..i]);
            if (seen.Add(parent))
            {
                AddFolders(tar, parent);
            }
        }
    }

    private static void AddText(TarWriter tar, string path, string text)
    {
        using var content = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = content, Mode = (UnixFileMode)0b110_100_100 });
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
