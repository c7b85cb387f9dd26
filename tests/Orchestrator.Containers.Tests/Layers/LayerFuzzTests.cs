using System.Globalization;
using System.IO.Compression;
using System.Text;
using Orchestrator.Containers.Layers;
using Orchestrator.Errors;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Layers;

/// <summary>
/// Archives with a few bytes changed are refused with a code, or read; nothing else happens, and what is read is a sound file system.
/// ORCHESTRATOR_FUZZ_RUNS says how many are tried.
/// </summary>
public sealed class LayerFuzzTests
{
    private static readonly int s_runs = int.Parse(Environment.GetEnvironmentVariable("ORCHESTRATOR_FUZZ_RUNS") ?? "150", CultureInfo.InvariantCulture);

    [Fact]
    public void Changed_archives_are_refused_with_a_code_or_read()
    {
        using var folder = new TempFolder();
        byte[] archive = Everything();
        int seed = Environment.TickCount;
        int read = 0;
        for (int run = 0; run < s_runs; run++)
        {
            var random = new Random(seed + run);
            byte[] changed = Change(archive, random);
            try
            {
                LayerImage layer = LayerImageWriter.Write(new MemoryStream(changed), folder.Path).Image;
                if (read++ % 20 == 0)
                {
                    Tool.Run("fsck.erofs", "--extract", layer.Path);
                }

                File.Delete(layer.Path);
            }
            catch (OrchestratorException e)
            {
                Assert.StartsWith("layer-", e.Code.Id, StringComparison.Ordinal);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed + run}: {e}");
            }
        }

        Assert.InRange(read, 1, s_runs - 1);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    private static byte[] Everything()
    {
        var vector = Tree.Vectors("layer-image", "layers.json").RootElement.GetProperty("vectors").EnumerateArray().Last();
        using var archive = new GZipStream(new MemoryStream(vector.GetProperty("archive").GetBytesFromBase64()), CompressionMode.Decompress);
        using var whole = new MemoryStream();
        archive.CopyTo(whole);
        return whole.ToArray();
    }

    /// <summary>Changes bytes, mostly of headers, whose checksums are made right again; or cuts.</summary>
    private static byte[] Change(byte[] archive, Random random)
    {
        byte[] changed = [.. archive];
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            int block = random.Next(changed.Length / 512) * 512;
            int[] fields = [0, 100, 108, 116, 124, 125, 130, 135, 136, 156, 157, 257, 345, random.Next(512)];
            byte[] bytes = [0, (byte)'0', (byte)'7', (byte)'/', (byte)'.', 0x80, 0xFF, (byte)random.Next(256), (byte)"012345679xgLKS"[random.Next(14)]];
            changed[block + fields[random.Next(fields.Length)]] = bytes[random.Next(bytes.Length)];
            Seal(changed.AsSpan(block, 512));
        }

        return random.Next(10) == 0 ? changed[..random.Next(changed.Length)] : changed;
    }

    private static void Seal(Span<byte> header)
    {
        if (!header.Slice(257, 5).SequenceEqual("ustar"u8))
        {
            return;
        }

        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte value in header)
        {
            sum += value;
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", header.Slice(148, 8));
    }
}
