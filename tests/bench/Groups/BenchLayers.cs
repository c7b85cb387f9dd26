using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Orchestrator.Containers.Layers;

namespace Orchestrator.Bench.Groups;

/// <summary>Layers of groups: one static program, and something for containers to work with.</summary>
/// <param name="Folder">That guests have as devices.</param>
/// <param name="Program">The layer of the program.</param>
/// <param name="Data">A further layer; null: none.</param>
internal sealed record BenchLayers(string Folder, LayerImage Program, LayerImage? Data)
{
    public const string Busybox = "/usr/bin/busybox";

    /// <summary>Bytes of the file of <see cref="WithFile"/>.</summary>
    public const long DataSize = 64 << 20;

    /// <summary>Joins the tables of <see cref="WithPython"/> by their first column, as the stage of the example does.</summary>
    public const string JoinProgram = """
        east = dict(line.split(',', 1) for line in open('/east.csv'))
        with open('/joined.csv', 'w') as joined:
            for line in open('/west.csv'):
                patient, rest = line.split(',', 1)
                if patient in east:
                    numbers = [float(number) for number in rest.split(',')]
                    joined.write(','.join(f'{number:.4f}' for number in numbers) + ',' + east[patient])
        """;

    private const int Patients = 60_000;
    private const int Features = 15;

    /// <summary>The program alone.</summary>
    public static BenchLayers Write(Scratch scratch)
    {
        string folder = Directory.CreateDirectory(scratch["devices"]).FullName;
        return new BenchLayers(folder, Write(folder, AddProgram), null);
    }

    /// <summary>With a file, <c>data</c>.</summary>
    public static BenchLayers WithFile(Scratch scratch) => With(scratch, tar => tar.WriteEntry(scratch.Random("data", DataSize), "data"));

    /// <summary>With Python, as this machine has it, and two tables of the same patients in different orders.</summary>
    public static BenchLayers WithPython(Scratch scratch) => With(scratch, tar =>
    {
        const string Files = "v=$(basename $(readlink -f /usr/bin/python3)); { dpkg -L $v-minimal lib$v-minimal; ldd /usr/bin/$v | grep -o '/[^ ]*'; } | sort -u";
        foreach (string path in Child.Run("sh", "-c", Files).Output.Split('\n').Append(Built.Python).Where(path => File.Exists(path) && !path.StartsWith("/usr/share", StringComparison.Ordinal)))
        {
            using FileStream content = File.OpenRead(path);
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = content, Mode = (UnixFileMode)0b111_101_101 });
        }

        AddTable(tar, "west.csv", Enumerable.Range(0, Patients));
        AddTable(tar, "east.csv", Enumerable.Range(0, Patients).Reverse());
    });

    private static BenchLayers With(Scratch scratch, Action<TarWriter> fill)
    {
        BenchLayers layers = Write(scratch);
        return layers with { Data = Write(layers.Folder, fill) };
    }

    private static void AddProgram(TarWriter tar)
    {
        foreach (string name in (string[])["bin", "dev", "proc", "sys"])
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)0b111_101_101 });
        }

        tar.WriteEntry(Busybox, "bin/busybox");
    }

    private static void AddTable(TarWriter tar, string name, IEnumerable<int> patients)
    {
        var table = new StringBuilder();
        foreach (int patient in patients)
        {
            table.Append(CultureInfo.InvariantCulture, $"P{patient:00000}").AppendJoin("", Enumerable.Range(1, Features).Select(feature => string.Create(CultureInfo.InvariantCulture, $",{patient * feature % 9973 / 100.0}"))).Append('\n');
        }

        using var content = new MemoryStream(Encoding.ASCII.GetBytes(table.ToString()));
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, Mode = (UnixFileMode)0b110_100_100 });
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
