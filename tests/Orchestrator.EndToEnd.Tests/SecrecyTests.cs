using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>What host and device keep and print after a job, searched for what they must not have.</summary>
[Collection<FinishedJob.Collection>]
public sealed class SecrecyTests(FinishedJob finished)
{
    /// <summary>Bytes that turn up by chance nowhere.</summary>
    private const int NeedleSize = 16;

    private const int LeastFigureText = 8;

    [Fact]
    public void Host_AfterAJob_HoldsNoPlaintextAndNoKey()
    {
        IReadOnlyList<(string Name, byte[] Bytes)> secrets = Secrets();

        AssertNone(secrets, finished.HostState, finished.Host.Log);
    }

    [Fact]
    public void Device_AfterAJob_HoldsNoPlaintextAndNoKeyOfAParty()
    {
        IReadOnlyList<(string Name, byte[] Bytes)> secrets = Secrets();

        AssertNone(secrets, finished.Folder["device"], finished.Device.Log);
    }

    [Fact]
    public void Search_OfWhatHoldsSecrets_FindsThem()
    {
        IReadOnlyList<(string Name, byte[] Bytes)> secrets = Secrets();

        Assert.Contains("model", FindIn(File.ReadAllBytes(finished.Model.Path), secrets));
        Assert.Contains("metric as text", FindIn(File.ReadAllBytes(finished.Results[finished.Parties.Lab].Outputs.Single(output => output.Name == "metrics").Path), secrets));
        Assert.Contains("program", FindIn(File.ReadAllBytes(Consortium.Program), secrets));
        Assert.Contains("text of clinic-a.csv", FindIn(File.ReadAllBytes(Consortium.Plaintexts[0]), secrets));
        Assert.Equal(["key of clinic-a"], FindIn([1, 2, .. secrets.Single(secret => secret.Name == "key of clinic-a").Bytes, 3], secrets));
    }

    private static void AssertNone(IReadOnlyList<(string Name, byte[] Bytes)> secrets, string folder, string log)
    {
        // Empty files hold nothing, and may be locked.
        string[] files = [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).Length > 0)];

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Empty(FindIn(ReadShared(file), secrets).Select(name => $"{name} in {file}")));
        Assert.NotEmpty(log);
        Assert.Empty(FindIn(Encoding.UTF8.GetBytes(log), secrets));
    }

    private IReadOnlyList<(string Name, byte[] Bytes)> Secrets()
    {
        var raw = new List<(string Name, byte[] Bytes)>
        {
            ("model", Middle(File.ReadAllBytes(finished.Model.Path))),
            ("program", Middle(File.ReadAllBytes(Consortium.Program))),
        };
        raw.AddRange(finished.MetricsOf(finished.Parties.Lab).Series.Values.SelectMany(values => values).SelectMany(FigureSpellings));
        foreach (string file in Consortium.Plaintexts)
        {
            string record = File.ReadLines(file).Skip(7).First();
            float[] features = [.. record.Split(',').Take(NeedleSize / sizeof(float)).Select(float.Parse)];
            raw.Add(($"text of {Path.GetFileName(file)}", Encoding.UTF8.GetBytes(record)));
            raw.Add(($"record of {Path.GetFileName(file)}", MemoryMarshal.AsBytes(features.AsSpan()).ToArray()));
        }

        raw.AddRange(finished.Parties.All.SelectMany(KeysOf));
        return [.. raw, .. raw.Where(secret => secret.Name.StartsWith("key", StringComparison.Ordinal)).SelectMany(Spellings)];
    }

    // Figures of so many digits as turn up by chance nowhere; as numbers, in the byte orders of CBOR and of memory.
    private static IEnumerable<(string Name, byte[] Bytes)> FigureSpellings(double figure)
    {
        string text = figure.ToString(CultureInfo.InvariantCulture);
        byte[] number = BitConverter.GetBytes(figure);
        return text.Length < LeastFigureText
            ? []
            : [("metric as text", Encoding.ASCII.GetBytes(text)), ("metric as number", number), ("metric as number, big-endian", [.. number.Reverse()])];
    }

    private IEnumerable<(string Name, byte[] Bytes)> KeysOf(Participant party)
    {
        byte[] key = new byte[StreamKey.Size];
        foreach (Digest stream in finished.Manifest.StreamsOf(party.Name).Select(stream => stream.Digest))
        {
            using StreamKey kept = party.Party.Keys.StreamKeyOf(stream);
            kept.Export(key);
            yield return ($"key of {party.Name}", key.ToArray());
        }

        party.Party.Keys.SigningKey.Export(key);
        yield return ($"key to sign of {party.Name}", key.ToArray());
        party.Party.Keys.SealingKey.Export(key);
        yield return ($"key to open of {party.Name}", key.ToArray());
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Spellings((string Name, byte[] Bytes) key) =>
    [
        ($"{key.Name} in hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(key.Bytes))),
        ($"{key.Name} in capital hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexString(key.Bytes))),
        ($"{key.Name} in base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(key.Bytes))),
    ];

    private static IEnumerable<string> FindIn(byte[] haystack, IEnumerable<(string Name, byte[] Bytes)> secrets) =>
        secrets.Where(secret => haystack.AsSpan().IndexOf(secret.Bytes) >= 0).Select(secret => secret.Name);

    private static byte[] Middle(byte[] bytes) => bytes[(bytes.Length / 2)..((bytes.Length / 2) + NeedleSize)];

    // The host is at work and has some of them open.
    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
