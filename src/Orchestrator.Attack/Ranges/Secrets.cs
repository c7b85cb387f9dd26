using System.Runtime.InteropServices;
using System.Text;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Ranges;

/// <summary>Keys and plaintext of the parties, to be searched for wherever the host can read.</summary>
/// <param name="places">Files and folders of the host.</param>
public sealed class Secrets(params IReadOnlyList<string> places)
{
    /// <summary>Bytes that turn up by chance nowhere.</summary>
    private const int NeedleSize = 16;

    private readonly List<(string Name, byte[] Bytes)> _needles = [];

    /// <summary>Adds a party's keys, also as text.</summary>
    public void AddKeys(Party party, IEnumerable<Digest> streams)
    {
        ArgumentNullException.ThrowIfNull(party);
        byte[] key = new byte[StreamKey.Size];
        foreach (Digest stream in streams)
        {
            using StreamKey kept = party.Keys.StreamKeyOf(stream);
            kept.Export(key);
            AddKey($"stream key of {party.Name}", key);
        }

        party.Keys.SigningKey.Export(key);
        AddKey($"signing key of {party.Name}", key);
        party.Keys.SealingKey.Export(key);
        AddKey($"sealing key of {party.Name}", key);
    }

    /// <summary>Adds records, as their file has them and as the tiles get them.</summary>
    public void AddRecords(string owner, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            float[] features = [.. line.Split(',').Take(NeedleSize / sizeof(float)).Select(cell => float.Parse(cell, System.Globalization.CultureInfo.InvariantCulture))];
            _needles.Add(($"text of a record of {owner}", Encoding.UTF8.GetBytes(line)));
            _needles.Add(($"record of {owner}", MemoryMarshal.AsBytes(features.AsSpan()).ToArray()));
        }
    }

    /// <summary>Adds a piece of a file.</summary>
    public void AddFile(string name, ReadOnlySpan<byte> content) => _needles.Add((name, content.Slice(content.Length / 2, NeedleSize).ToArray()));

    /// <summary>What is found in messages and in the host's places.</summary>
    /// <param name="wire">Encoded messages.</param>
    public IReadOnlyList<string> FindAll(IEnumerable<byte[]> wire) =>
    [
        .. wire.SelectMany(FindIn).Select(name => $"{name} in a message").Distinct(),
        .. places.SelectMany(Files).SelectMany(file => FindIn(Read(file)).Select(name => $"{name} in {Path.GetFileName(file)}")),
    ];

    private static IEnumerable<string> Files(string place) =>
        Directory.Exists(place) ? Directory.EnumerateFiles(place, "*", SearchOption.AllDirectories) : [place];

    private void AddKey(string name, byte[] key) => _needles.AddRange(
    [
        (name, key.ToArray()),
        ($"{name} in hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(key))),
        ($"{name} in capital hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexString(key))),
        ($"{name} in base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(key))),
    ]);

    private IEnumerable<string> FindIn(byte[] haystack) =>
        _needles.Where(needle => haystack.AsSpan().IndexOf(needle.Bytes) >= 0).Select(needle => needle.Name);

    // The host is at work: files come and go, and the lock cannot be read.
    private static byte[] Read(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[stream.Length];
            int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return bytes[..read];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || (e is IOException && Path.GetFileName(file) == "lock"))
        {
            return [];
        }
    }
}
