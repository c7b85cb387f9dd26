using System.Formats.Tar;
using System.Text;
using Orchestrator.Containers.Layers;
using Orchestrator.Errors;

namespace Orchestrator.Attack.Guests;

/// <summary>The layers that the attacked groups are made of: a shell, and a note on top of it.</summary>
internal sealed record GuestLayers(LayerImage Shell, LayerImage Note, LayerImage Foreign)
{
    /// <summary>How the file of users begins.</summary>
    public const string Users = "root:x:0:0::/:/bin/sh\n";

    private const string Program = "/usr/bin/busybox";

    private static readonly string[] s_applets = ["sh", "cat", "echo", "sleep", "kill"];

    /// <summary>Makes them in a folder.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttackErrors.ProgramMissing"/>.</exception>
    public static GuestLayers Make(string folder)
    {
        if (!File.Exists(Program))
        {
            throw new OrchestratorException(AttackErrors.ProgramMissing, $"{Program} is not installed.");
        }

        Directory.CreateDirectory(folder);
        return new GuestLayers(Write(folder, AddShell), Write(folder, tar => AddText(tar, "note.txt", "a note\n")), Write(folder, tar => AddText(tar, "tool.sh", "echo taken\n")));
    }

    private static void AddShell(TarWriter tar)
    {
        foreach (string name in (string[])["bin", "etc", "proc", "dev", "sys"])
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)0b111_101_101 });
        }

        tar.WriteEntry(Program, "bin/busybox");
        foreach (string applet in s_applets)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, $"bin/{applet}") { LinkName = "busybox" });
        }

        // Larger than a block, so that it has blocks to itself.
        AddText(tar, "etc/passwd", Users + "worker:x:1000:1000::/:/bin/sh\n" + string.Concat(Enumerable.Repeat("# nobody else\n", 500)));
    }

    private static void AddText(TarWriter tar, string path, string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = content, Mode = (UnixFileMode)0b110_100_100 });
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
}
