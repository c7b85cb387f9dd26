using System.Formats.Tar;
using Orchestrator.Bench.Streams;
using Orchestrator.Containers.Layers;

namespace Orchestrator.Bench.Images;

/// <summary>Layer images made from archives, and read back as a guest reads them.</summary>
internal sealed class LayerMaking(bool reads) : IBenchmark
{
    private const int Files = 2000;
    private const int FileLength = 100_000;

    public string Name => reads ? "layer-verify" : "layer-make";

    public string Method => reads
        ? "VerifiedLayer.CopyTo of a layer image of 200 MB in memory, all cores, by the clock / openssl speed sha256 at 4 KiB on one core."
        : "LayerImageWriter on an unpacked archive of 2,000 files, 200 MB, in memory: each byte is hashed twice, by the clock / openssl speed sha256 at 4 KiB on one core.";

    public Aim Aim => Aim.AtLeast(reads ? 1 : 0.5);

    public Comparison Measure()
    {
        using var scratch = new Scratch(4L * Files * FileLength);
        string archive = MakeArchive(scratch);
        long length = new FileInfo(archive).Length;
        LayerImage layer = Make(archive);
        (double measured, double reference) = Alternation.Medians(
            PerCore.Rounds,
            () => Clock.Rate(length, () =>
            {
                if (reads)
                {
                    Read(layer, scratch["copy"]);
                }
                else
                {
                    Make(archive);
                }
            }),
            OpenSslSpeed.Sha256OfBlocks);
        return new Comparison(measured, reference, "GB/s");
    }

    private static LayerImage Make(string archive)
    {
        using FileStream tar = new(archive, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return LayerImageWriter.Write(tar, Path.GetDirectoryName(archive)!).Image;
    }

    private static void Read(LayerImage layer, string target)
    {
        using var source = File.OpenHandle(layer.Path);
        using var copy = File.OpenHandle(target, FileMode.Create, FileAccess.ReadWrite);
        VerifiedLayer.Open(source, layer.RootHash).CopyTo(copy);
    }

    private static string MakeArchive(Scratch scratch)
    {
        byte[] content = File.ReadAllBytes(scratch.Random("content", FileLength));
        using FileStream file = File.Create(scratch["layer.tar"]);
        using var writer = new TarWriter(file, TarEntryFormat.Pax);
        for (int i = 0; i < Files; i++)
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"folder{i % 20}/file{i}") { DataStream = new MemoryStream(content) });
        }

        return file.Name;
    }
}
