using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Crypto;

namespace Orchestrator.Cli.Tests;

/// <summary>Images and the policies made from them, as a person at the terminal meets them.</summary>
public sealed class ImageTests : IDisposable
{
    private const string Group = "format: orchestrator/group/v1\nname: g\ncontainers:\n  - {name: c, image: image.tar, signals: [15]}\n";

    private readonly Cli _cli = new();

    public ImageTests()
    {
        WriteImage("image.tar", "true");
        _cli.Write("group.yaml", Group);
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Inspect_PrintsWhatTheImageSays()
    {
        CliOutcome inspected = await _cli.MustRunAsync("image", "inspect", _cli["image.tar"], "--json");

        Assert.Equal("docker", inspected.Json.GetProperty("format").GetString());
        Assert.Equal(["/bin/tool", "a b"], inspected.Json.GetProperty("entrypoint").EnumerateArray().Select(word => word.GetString()));
        Assert.Contains("entrypoint    /bin/tool \"a b\"", (await _cli.MustRunAsync("image", "inspect", _cli["image.tar"])).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layers_AreKeptUnderTheirRootHash_AndVerify()
    {
        string root = (await _cli.MustRunAsync("image", "layers", _cli["image.tar"], "--out", _cli["layers"])).Output.Trim();
        string layer = Path.Combine(_cli["layers"], root + ".layer");

        Assert.Contains("verified", (await _cli.MustRunAsync("image", "verify", layer)).Output, StringComparison.Ordinal);
        Assert.Contains("verified", (await _cli.MustRunAsync("image", "verify", _cli["image.tar"])).Output, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(layer);
        bytes[2000] ^= 1;
        File.WriteAllBytes(layer, bytes);
        CliOutcome changed = await _cli.RunAsync("image", "verify", layer);
        Assert.Equal((4, true), (changed.ExitCode, changed.Error.Contains("verity-block-mismatch", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Verify_AnotherRootHash_IsRefused()
    {
        await _cli.MustRunAsync("image", "layers", _cli["image.tar"], "--out", _cli["layers"]);
        string layer = Directory.EnumerateFiles(_cli["layers"]).Single();

        CliOutcome other = await _cli.RunAsync("image", "verify", layer, "--root", new string('0', 64));
        CliOutcome none = await _cli.RunAsync("image", "verify", layer, "--root", "abc");

        Assert.Equal((4, true), (other.ExitCode, other.Error.Contains("verity-root-mismatch", StringComparison.Ordinal)));
        Assert.Equal(2, none.ExitCode);
    }

    [Fact]
    public async Task Generate_PrintsThePolicyToTheByte_AndItsDigest()
    {
        CliOutcome printed = await _cli.MustRunAsync("policy", "generate", _cli["group.yaml"]);
        CliOutcome written = await _cli.MustRunAsync("policy", "generate", _cli["group.yaml"], "--out", _cli["policy.rego"], "--json");
        CliOutcome machine = await _cli.MustRunAsync("policy", "generate", _cli["group.yaml"], "--json");

        string digest = Digest.Of(Encoding.UTF8.GetBytes(printed.Output)).ToString();
        Assert.Equal($"policy {digest}\n", printed.Error);
        Assert.Equal(printed.Output, File.ReadAllText(_cli["policy.rego"]));
        Assert.Equal(digest, written.Json.GetProperty("digest").GetString());
        Assert.Equal(printed.Output, Encoding.UTF8.GetString(machine.Json.GetProperty("policy").GetBytesFromBase64()));
    }

    [Fact]
    public async Task Generate_InTheOtherShape_SaysTheSameOfTheContainer()
    {
        string runtime = (await _cli.MustRunAsync("policy", "generate", _cli["group.yaml"], "--shape", "runtime")).Output;
        string azure = (await _cli.MustRunAsync("policy", "generate", _cli["group.yaml"], "--shape", "azure")).Output;

        Assert.Contains("api_version := \"0.12.0\"", runtime, StringComparison.Ordinal);
        Assert.Contains("api_version := \"0.10.0\"", azure, StringComparison.Ordinal);
        Assert.Contains("reason := {\"errors\": data.framework.errors}", azure, StringComparison.Ordinal);
        Assert.Equal(2, (await _cli.RunAsync("policy", "generate", _cli["group.yaml"], "--shape", "other")).ExitCode);
    }

    [Theory]
    [InlineData("", 3, "image-format")]
    [InlineData("missing.tar", 6, "storage-missing")]
    public async Task AFileThatIsNoImage_IsRefusedWithItsName(string name, int exitCode, string code)
    {
        if (name.Length == 0)
        {
            name = "empty.tar";
            File.WriteAllBytes(_cli[name], new byte[1024]);
        }

        CliOutcome refused = await _cli.RunAsync("image", "inspect", _cli[name]);

        Assert.Equal(exitCode, refused.ExitCode);
        Assert.StartsWith($"error: {code}: {_cli[name]}", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALayerWithATrick_IsRefusedWithImageLayerAndEntry()
    {
        WriteImage("bad.tar", "../../etc/passwd");

        CliOutcome refused = await _cli.RunAsync("image", "verify", _cli["bad.tar"]);

        Assert.Equal(3, refused.ExitCode);
        Assert.StartsWith($"error: layer-path-escape: {_cli["bad.tar"]}: layer 1 of 1: ../../etc/passwd", refused.Error, StringComparison.Ordinal);
    }

    /// <summary>A docker archive of one layer with one file.</summary>
    private void WriteImage(string name, string file)
    {
        byte[] layer = Tar((file, "content"u8.ToArray()));
        string config = $$$"""
            {"os":"linux","architecture":"amd64","config":{"Entrypoint":["/bin/tool","a b"]},
             "rootfs":{"type":"layers","diff_ids":["sha256:{{{Convert.ToHexStringLower(SHA256.HashData(layer))}}}"]}}
            """;
        File.WriteAllBytes(_cli[name], Tar(
            ("manifest.json", """[{"Config":"config.json","RepoTags":["example:1"],"Layers":["layer.tar"]}]"""u8.ToArray()),
            ("config.json", Encoding.UTF8.GetBytes(config)),
            ("layer.tar", layer)));
    }

    private static byte[] Tar(params (string Name, byte[] Content)[] files)
    {
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
            {
                writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), ModificationTime = DateTimeOffset.UnixEpoch });
            }
        }

        return archive.ToArray();
    }
}
