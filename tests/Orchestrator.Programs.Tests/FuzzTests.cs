using Orchestrator.Errors;
using Orchestrator.Programs.Archives;

namespace Orchestrator.Programs.Tests;

/// <summary>Archives with random changes: refused with a code, or harmless to libtorch. Seeds are fixed.</summary>
public sealed class FuzzTests(Models models)
{
    private static readonly string[] Sources = ["Mlp.script", "ResNet18.script", "Language.script", "LstmBidirectional.script", "Constants.trace", "Encoder.script"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Verify_ChangedBytes_NeverFailsUnforeseen(int seed)
    {
        var random = new Random(seed);
        foreach (var name in Sources)
        {
            var whole = models.Bytes(name);
            for (var run = 0; run < 100; run++)
            {
                var changed = whole.ToArray();
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                {
                    changed[random.Next(changed.Length)] = (byte)random.Next(256);
                }

                IsAdmitted(changed);
            }
        }
    }

    /// <summary>Changes below the checksums: records are altered and packed again, so that the parsers behind the zip meet them.</summary>
    [Fact]
    public void Verify_ChangedRecords_AreRefusedOrDoNotCrashLibtorch()
    {
        var random = new Random(20);
        var folder = Directory.CreateTempSubdirectory("programs-fuzz-");
        try
        {
            var admitted = new List<string>();
            foreach (var name in Sources)
            {
                var records = Records(models.Bytes(name));
                for (var run = 0; run < 200; run++)
                {
                    var changed = Repacked(records, random);
                    if (IsAdmitted(changed) is { } program)
                    {
                        admitted.Add($"{name}.{run}");
                        File.WriteAllBytes(Path.Combine(folder.FullName, $"{name}.{run}.verified.pt"), TestArchive.Written(program));
                    }
                }
            }

            // Some changes are harmless: another name, another number.
            Assert.InRange(admitted.Count, 20, 1000);
            var report = Models.Python("load.py", [folder.FullName, .. admitted]);
            Assert.Equal(admitted.Count, report.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<(string Name, byte[] Data)> Records(byte[] archive) =>
        [.. Zip.Entries(archive).Where(entry => !entry.Name.EndsWith(".debug_pkl", StringComparison.Ordinal)).Select(entry => (entry.Name, Zip.Unpack(archive, entry).ToArray()))];

    private static byte[] Repacked(List<(string Name, byte[] Data)> records, Random random)
    {
        var targets = records.Where(record => record.Data.Length > 4 && !record.Name.Contains("/data/", StringComparison.Ordinal)).ToArray();
        var target = targets[random.Next(targets.Length)].Name;
        var stream = new MemoryStream();
        Zip.Write(stream, records.Select(record => (record.Name, (ReadOnlyMemory<byte>)(record.Name == target ? Mutated(record.Data, random) : record.Data))));
        return stream.ToArray();
    }

    private static byte[] Mutated(byte[] data, Random random)
    {
        var place = random.Next(data.Length);
        switch (random.Next(4))
        {
            case 0: // another byte
                var changed = data.ToArray();
                changed[place] = (byte)random.Next(256);
                return changed;
            case 1: // a digit or letter beside the old one
                var near = data.ToArray();
                near[place] = (byte)(near[place] ^ 1);
                return near;
            case 2: // a piece left out
                return [.. data[..place], .. data[Math.Min(data.Length, place + random.Next(1, 20))..]];
            default: // a piece twice
                var end = Math.Min(data.Length, place + random.Next(1, 40));
                return [.. data[..end], .. data[place..]];
        }
    }

    private static VerifiedProgram? IsAdmitted(byte[] archive)
    {
        try
        {
            return VerifiedProgram.Verify(archive);
        }
        catch (OrchestratorException)
        {
            return null;
        }
    }
}
