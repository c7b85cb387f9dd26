using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Bench.Streams;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies.Writing;

namespace Orchestrator.Bench.Images;

/// <summary>Policies generated from group files whose containers have an image each.</summary>
internal sealed class GroupGeneration(int containers) : IBenchmark
{
    private const int LayerLength = 1 << 20;

    public string Name => $"generate-{containers}";

    public string Method => $"Time to generate the policy of {containers} containers with an image of 1 MiB each, for each container / of a group of one; by the clock.";

    public Aim Aim => Aim.AtMost(1.1);

    public Comparison Measure()
    {
        using var scratch = new Scratch(4L * containers * LayerLength);
        GroupFile group = MakeGroup(scratch, containers);
        GroupFile single = group with { Containers = group.Containers[..1] };
        (double measured, double reference) = Alternation.Medians(
            PerCore.Rounds,
            () => 1000 * Clock.Seconds(() => Generate(group, scratch)) / containers,
            () => 1000 * Clock.Seconds(() => Generate(single, scratch)));
        return new Comparison(measured, reference, "ms");
    }

    private static void Generate(GroupFile group, Scratch scratch) =>
        PolicyWriter.Write(GroupPolicy.Of(GroupCompiler.Compile(group, scratch["layers"]), PolicyShape.Azure), PolicyShape.Azure);

    private static GroupFile MakeGroup(Scratch scratch, int containers)
    {
        var yaml = new StringBuilder("format: orchestrator/group/v1\nname: bench\ncontainers:\n");
        for (int i = 0; i < containers; i++)
        {
            yaml.Append($"  - {{name: c{i}, image: {MakeImage(scratch, i)}, command: [run]}}\n");
        }

        return GroupFile.Parse(yaml.ToString());
    }

    /// <summary>A docker archive of one layer with one file.</summary>
    private static string MakeImage(Scratch scratch, int number)
    {
        using var layer = new MemoryStream();
        using (var writer = new TarWriter(layer, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "file") { DataStream = new MemoryStream(RandomNumberGenerator.GetBytes(LayerLength)) });
        }

        string diffId = Convert.ToHexStringLower(SHA256.HashData(layer.ToArray()));
        using FileStream file = File.Create(scratch[$"image{number}.tar"]);
        using var image = new TarWriter(file, TarEntryFormat.Pax);
        Add("manifest.json", """[{"Config":"config.json","Layers":["layer.tar"]}]"""u8.ToArray());
        Add("config.json", Encoding.ASCII.GetBytes($$$"""{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:{{{diffId}}}"]}}"""));
        Add("layer.tar", layer.ToArray());
        return file.Name;

        void Add(string name, byte[] content) => image.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
    }
}
