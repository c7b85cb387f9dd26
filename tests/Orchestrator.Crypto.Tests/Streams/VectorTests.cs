using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

/// <summary>The vectors of <c>docs/spec/sealed-stream.md</c>, which another implementation made.</summary>
public class VectorTests
{
    private static readonly string s_folder = FindFolder();
    private static readonly JsonElement s_vectors = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_folder, "vectors.json"))).RootElement;

    public static TheoryData<string> Valid => Names("valid");

    public static TheoryData<string> Invalid => Names("invalid");

    [Theory]
    [MemberData(nameof(Valid))]
    public void Sealer_ValidVector_GivesEveryIntermediateValue(string name)
    {
        JsonElement vector = Vector("valid", name);
        using StreamKey key = StreamKey.Import(Hex(vector, "key"));
        StreamHeader header = HeaderOf(vector);
        byte[][] frames = HexList(vector, "frames");

        (byte[] file, Digest digest) = Sealing.SealWithDigest(key, header, Hex(vector, "plaintext"));
        var leaves = new List<Digest>();
        StreamSummary summary = StreamDigester.Digest(new MemoryStream(file), leaves);

        Assert.Equal(Hex(vector, "encoded_header"), header.Encode());
        Assert.Equal(header, StreamHeader.Decode(Hex(vector, "encoded_header")));
        Assert.Equal(Hex(vector, "prologue"), summary.Layout.Prologue.Bytes.ToArray());
        Assert.Equal(Hex(vector, "prologue").Concat(frames.SelectMany(f => f)), file);
        Assert.Equal(HexList(vector, "leaves"), leaves.Select(l => l.ToArray()));
        Assert.Equal(Hex(vector, "digest"), digest.ToArray());
        Assert.Equal(digest, summary.Digest);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Opener_ValidVector_GivesThePlaintext(string name)
    {
        JsonElement vector = Vector("valid", name);
        using StreamKey key = StreamKey.Import(Hex(vector, "key"));
        byte[] file = [.. Hex(vector, "prologue"), .. HexList(vector, "frames").SelectMany(f => f)];

        Assert.Equal(Hex(vector, "plaintext"), Sealing.Open(key, file));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Stream_InvalidVector_IsRefusedWithItsCode(string name)
    {
        JsonElement vector = Vector("invalid", name);
        using StreamKey key = StreamKey.Import(Hex(vector, "key"));
        byte[] file = Hex(vector, "sealed");

        Assert.Equal(vector.GetProperty("open").GetString(), Sealing.OpenError(key, file)?.Id);
        Assert.Equal(vector.GetProperty("open").GetString(), Sealing.OpenError(key, file, parallelism: 3)?.Id);
        Assert.Equal(vector.GetProperty("digest").GetString(), Sealing.DigestError(file)?.Id ?? "accepted");
    }

    [Fact]
    public void Sealer_AccumulatedVector_GivesItsDigest()
    {
        JsonElement vector = s_vectors.GetProperty("accumulated");
        using var total = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < vector.GetProperty("count").GetInt32(); i++)
        {
            total.AppendData(AccumulatedDigest(i).ToArray());
        }

        Assert.Equal(vector.GetProperty("sha256").GetString(), Convert.ToHexStringLower(total.GetHashAndReset()));
    }

    [Fact]
    public void Vectors_RecomputedByTheReference_AreTheSame()
    {
        const string Python = "/usr/bin/python3";
        if (!File.Exists(Python) || Run(Python, "-c", "import cryptography").ExitCode != 0)
        {
            Assert.Skip("/usr/bin/python3 with the package cryptography is not installed");
        }

        (int exitCode, string output) = Run(Python, Path.Combine(s_folder, "reference.py"), "check");

        Assert.True(exitCode == 0, output);
        Assert.StartsWith("checked 9 valid", output, StringComparison.Ordinal);
    }

    private static Digest AccumulatedDigest(int i)
    {
        byte[] seed = [.. "orchestrator/sealed-stream/vector"u8, 0, 0, (byte)(i >> 8), (byte)(i & 255)];
        byte[] secret = SHA512.HashData(seed);
        int record = 1 + (i % 13);
        var header = new StreamHeader
        {
            Kind = (StreamKind)(1 + (i % 5)),
            Owner = $"party-{i}",
            Schema = Pattern(i % 50, i),
            RecordSize = record,
            FrameSize = StreamHeader.FrameSizeFor(record, 1),
            Salt = secret.AsMemory(32),
            Run = i * 16777 % (1 << 24),
        };
        using StreamKey key = StreamKey.Import(secret.AsSpan(0, 32));
        return Sealing.SealWithDigest(key, header, Pattern(i * 31 % 400 * record, i)).Digest;
    }

    private static byte[] Pattern(int length, int seed) => [.. Enumerable.Range(0, length).Select(j => (byte)((seed + (7 * j) + (j / 251)) % 256))];

    private static StreamHeader HeaderOf(JsonElement vector)
    {
        JsonElement header = vector.GetProperty("header");
        return new StreamHeader
        {
            Kind = (StreamKind)header.GetProperty("kind").GetByte(),
            Owner = header.GetProperty("owner").GetString()!,
            Schema = Hex(header, "schema"),
            RecordSize = header.GetProperty("record").GetInt32(),
            FrameSize = header.GetProperty("frame").GetInt32(),
            Salt = Hex(header, "salt"),
            Run = header.GetProperty("run").GetInt32(),
        };
    }

    private static TheoryData<string> Names(string group) => [.. s_vectors.GetProperty(group).EnumerateArray().Select(v => v.GetProperty("name").GetString()!)];

    private static JsonElement Vector(string group, string name) =>
        s_vectors.GetProperty(group).EnumerateArray().Single(v => v.GetProperty("name").GetString() == name);

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);

    private static byte[][] HexList(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(e => Convert.FromHexString(e.GetString()!))];

    private static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }

    private static string FindFolder()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string folder = Path.Combine(at.FullName, "tests", "Vectors", "sealed-stream");
            if (Directory.Exists(folder))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException("tests/Vectors/sealed-stream is not above the test assembly.");
    }
}
