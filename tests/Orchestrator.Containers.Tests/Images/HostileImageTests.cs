using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Containers.Images;
using Orchestrator.Containers.Tests.Layers;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Images;

/// <summary>Images with one thing wrong, each refused by name.</summary>
public sealed class HostileImageTests
{
    private const string Other = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>Name of the trick, the code, and what makes the image.</summary>
    private static readonly Dictionary<string, (string Code, Action<LayoutBuilder, TempFolder> Make)> s_tricks = new()
    {
        ["nothing"] = ("image-blob-missing", (b, _) => b.Put("index.txt", "x"u8)),
        ["neither kind"] = ("image-format", (_, folder) => File.Delete(folder["layout/oci-layout"])),
        ["unknown version"] = ("image-document", (b, _) => b.Small().Put("oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}"u8)),
        ["no JSON"] = ("image-document", (b, _) => b.Small().Put("index.json", "{"u8)),
        ["JSON with a member twice"] = ("image-document", (b, _) => b.Small().Put("index.json", "{\"schemaVersion\":2,\"manifests\":[],\"manifests\":[]}"u8)),
        ["JSON, very deep"] = ("image-document", (b, _) => b.Small().Put("index.json", Encoding.UTF8.GetBytes(new string('[', 100_000)))),
        ["JSON that is no object"] = ("image-document", (b, _) => b.Small().Put("index.json", "[]"u8)),
        ["very long document"] = ("image-too-large", (b, _) => b.Small().Put("index.json", new byte[5 << 20])),
        ["a pipe for an index"] = ("image-blob-missing", (b, folder) => Tool.Run("sh", "-ec", $"rm '{b.Small().Path}/index.json'; mkfifo '{b.Path}/index.json'")),
        ["schema version 1"] = ("image-document", (b, _) => b.Small(manifest: m => m["schemaVersion"] = 1)),
        ["no images"] = ("image-not-found", (b, _) => b.Begin(LayoutBuilder.Index())),
        ["two images"] = ("image-ambiguous", (b, _) => b.Begin(LayoutBuilder.Index(Manifest(b, "1"), Manifest(b, "2")))),
        ["for another machine"] = ("image-not-found", (b, _) => b.Small(descriptor: d => d["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "arm64" })),
        ["for another machine, in the configuration alone"] = ("image-platform", (b, _) => b.Small(config: c => c["architecture"] = "arm64")),
        ["unknown manifest"] = ("image-media-type", (b, _) => b.Small(descriptor: d => d["mediaType"] = "application/vnd.docker.distribution.manifest.v1+prettyjws")),
        ["artifacts alone"] = ("image-not-found", (b, _) => b.Small(descriptor: d => d["artifactType"] = "application/vnd.example.sbom")),
        ["packed with xz"] = ("image-media-type", (b, folder) => PackedArchive(b, folder, "xz")),
        ["packed with bzip2"] = ("image-media-type", (b, folder) => PackedArchive(b, folder, "bzip2")),
        ["a link to a pipe"] = ("image-blob-missing", (b, _) => Tool.Run("sh", "-ec", $"cd '{b.Small().Path}'; rm index.json; mkfifo pipe; ln -s pipe index.json")),
        ["a link that leads nowhere"] = ("image-blob-missing", (b, _) => Tool.Run("sh", "-ec", $"cd '{b.Small().Path}'; ln -sf nowhere index.json")),
        ["a link to itself"] = ("storage-failed", (b, _) => Tool.Run("sh", "-ec", $"cd '{b.Small().Path}'; rm index.json; ln -s index.json index.json")),
        ["a link to another blob"] = ("image-digest-mismatch", (b, _) => Tool.Run("sh", "-ec", $"cd '{b.Small().Path}/blobs/sha256'; for f in *; do ln -sf ../../oci-layout $f; done")),
        ["an index as a manifest"] = ("image-document", (b, _) => b.Small(manifest: m => m["mediaType"] = LayoutBuilder.IndexType)),
        ["indexes, very deep"] = ("image-too-large", (b, _) => b.Begin(Deep(b, 6))),
        ["indexes, very wide"] = ("image-too-large", (b, _) => b.Begin(Wide(b))),
        ["configuration of an artifact"] = ("image-media-type", (b, _) => b.Small(manifest: m => m["config"]!["mediaType"] = "application/vnd.cncf.helm.config.v1+json")),
        ["unknown layer"] = ("image-media-type", (b, _) => b.Small(layer: l => l["mediaType"] = "application/vnd.oci.image.layer.v1.tar+brotli")),
        ["a manifest for a layer"] = ("image-media-type", (b, _) => b.Small(layer: l => l["mediaType"] = LayoutBuilder.ManifestType)),
        ["packed twice"] = ("image-media-type", (b, _) => b.Small(layer: l => l["mediaType"] = LayoutBuilder.LayerType + "+gzip+gzip")),
        ["encrypted layer"] = ("image-media-type", (b, _) => b.Small(layer: l => l["mediaType"] = LayoutBuilder.LayerType + "+gzip+encrypted")),
        ["foreign layer"] = ("image-foreign-layer", (b, _) => b.Small(layer: l => l["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")),
        ["docker's foreign layer"] = ("image-foreign-layer", (b, _) => b.Small(layer: l => l["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")),
        ["layer with addresses"] = ("image-foreign-layer", (b, _) => b.Small(layer: l => l["urls"] = new JsonArray("https://example.org/layer"))),
        ["layer that is absent"] = ("image-blob-missing", (b, _) => b.Small(layer: l => l["digest"] = Other)),
        ["digest that climbs"] = ("image-document", (b, _) => b.Small(layer: l => l["digest"] = "sha256:../../../../etc/passwd")),
        ["digest of another kind"] = ("image-document", (b, _) => b.Small(layer: l => l["digest"] = "sha512:" + new string('0', 128))),
        ["size too small"] = ("image-digest-mismatch", (b, _) => b.Small(layer: l => l["size"] = 1)),
        ["size negative"] = ("image-document", (b, _) => b.Small(layer: l => l["size"] = -1)),
        ["size absurd"] = ("image-too-large", (b, _) => b.Small(layer: l => l["size"] = long.MaxValue)),
        ["manifest changed"] = ("image-digest-mismatch", (b, _) => b.Small().Change("schemaVersion\":2,\"mediaType", "schemaVersion\":2,\"mediaTypE")),
        ["configuration changed"] = ("image-digest-mismatch", (b, _) => b.Small().Change("PATH=/bin", "PATH=/tmp")),
        ["layer changed"] = ("image-digest-mismatch", (b, _) => b.Small().Change("root:x:0:0", "evil:x:0:0")),
        ["layer changed in its header"] = ("image-digest-mismatch", (b, _) => b.Small().Change("etc/passwd\0", "etc/shadow\0")),
        ["layer of another diff ID"] = ("layer-diff-id-mismatch", (b, _) => b.Small(config: c => c["rootfs"]!["diff_ids"] = new JsonArray(Other))),
        ["more layers than diff IDs"] = ("image-document", (b, _) => b.Small(config: c => c["rootfs"]!["diff_ids"] = new JsonArray())),
        ["fewer layers than diff IDs"] = ("image-document", (b, _) => b.Small(manifest: m => m["layers"] = new JsonArray())),
        ["very many layers"] = ("image-too-large", (b, _) => b.Small(manifest: m => m["layers"] = new JsonArray([.. Enumerable.Range(0, 129).Select(_ => m["layers"]![0]!.DeepClone())]))),
        ["no layers"] = ("image-document", (b, _) => b.Begin(LayoutBuilder.Index(b.Blob(b.Manifest(LayoutBuilder.Config()), LayoutBuilder.ManifestType)))),
        ["zero character in the command"] = ("image-document", (b, _) => b.Small(config: c => c["config"]!["Cmd"] = new JsonArray("a\0b"))),
        ["half a character"] = ("image-document", (b, _) => b.Small().Put("index.json", "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"\\ud800\",\"size\":1}]}"u8)),
        ["not made of layers"] = ("image-document", (b, _) => b.Small(config: c => c["rootfs"]!["type"] = "windows-volume")),
        ["relative working directory"] = ("image-document", (b, _) => b.Small(config: c => c["config"]!["WorkingDir"] = "srv")),
        ["not gzip"] = ("image-compression", (b, _) => b.Small(layer: l => l["mediaType"] = LayoutBuilder.LayerType + "+gzip")),
        ["not zstd"] = ("image-compression", (b, _) => b.Small(layer: l => l["mediaType"] = LayoutBuilder.LayerType + "+zstd")),
        // The class library takes a cut file for a short one; that the archive ends early is then what shows.
        ["gzip cut short"] = ("layer-malformed", (b, _) => Packed(b, LayoutBuilder.Gzip(Big)[..^100], "+gzip", Big)),
        ["zstd cut short"] = ("image-compression", (b, folder) => Packed(b, Zstd(folder, Big)[..^100], "+zstd", Big)),
        ["zstd with a huge window"] = ("image-compression", (b, _) => Packed(b, [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00], "+zstd", [])),
        ["gzip bomb"] = ("layer-bomb", (b, folder) => Packed(b, Bomb(folder, "gzip -9"), "+gzip", [])),
        ["three small bombs"] = ("layer-bomb", ThreeBombs),
        ["zstd bomb"] = ("layer-bomb", (b, folder) => Packed(b, Bomb(folder, "zstd -c"), "+zstd", [])),
    };

    public static TheoryData<string> Tricks => [.. s_tricks.Keys];

    private static byte[] Big => new TarBuilder().Entry("a", '0', RandomBytes(200_000)).Build();

    [Theory]
    [MemberData(nameof(Tricks))]
    public void Is_refused_by_name_and_leaves_nothing(string trick)
    {
        using var folder = new TempFolder();
        (string code, Action<LayoutBuilder, TempFolder> make) = s_tricks[trick];
        var builder = new LayoutBuilder(folder);
        make(builder, folder);
        Directory.CreateDirectory(folder["out"]);

        var exception = Assert.Throws<OrchestratorException>(() =>
        {
            using ContainerImage image = ContainerImage.Open(builder.Path);
            for (int i = 0; i < image.Layers.Length; i++)
            {
                image.BuildLayer(i, folder["out"]);
            }
        });

        Assert.Equal(code, exception.Code.Id);
        Assert.StartsWith(builder.Path, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder["out"]), path => trick != "three small bombs" || path.EndsWith(".partial", StringComparison.Ordinal));
    }

    private static JsonObject Manifest(LayoutBuilder builder, string name)
    {
        JsonObject config = LayoutBuilder.Config(LayoutBuilder.SmallLayer);
        config["author"] = name;
        return builder.Blob(builder.Manifest(config, builder.Blob(LayoutBuilder.SmallLayer, LayoutBuilder.LayerType)), LayoutBuilder.ManifestType);
    }

    private static JsonObject Deep(LayoutBuilder builder, int depth) => depth == 0
        ? LayoutBuilder.Index(Manifest(builder, "1"))
        : LayoutBuilder.Index(builder.Blob(Deep(builder, depth - 1), LayoutBuilder.IndexType));

    // Each index names the next a hundred times: a million readings, if nobody counted.
    private static JsonObject Wide(LayoutBuilder builder)
    {
        JsonObject index = LayoutBuilder.Index();
        for (int level = 0; level < 3; level++)
        {
            JsonObject described = builder.Blob(index, LayoutBuilder.IndexType);
            index = LayoutBuilder.Index([.. Enumerable.Range(0, 100).Select(_ => described.DeepClone().AsObject())]);
        }

        return index;
    }

    private static void Packed(LayoutBuilder builder, byte[] blob, string packing, byte[] archive) => builder.Begin(LayoutBuilder.Index(builder.Blob(
        builder.Manifest(LayoutBuilder.Config(archive), builder.Blob(blob, LayoutBuilder.LayerType + packing)), LayoutBuilder.ManifestType)));

    private static byte[] Zstd(TempFolder folder, byte[] content)
    {
        Tool.Run("zstd", "-q", folder.Write("plain", content), "-o", folder["packed"]);
        return File.ReadAllBytes(folder["packed"]);
    }

    private static void PackedArchive(LayoutBuilder builder, TempFolder folder, string packer)
    {
        Tool.Run("sh", "-ec", $"cd '{builder.Small().Path}'; tar -cf ../a.tar .; rm -r '{builder.Path}'; {packer} -c ../a.tar > '{builder.Path}'");
        Assert.True(File.Exists(folder["layout"]));
    }

    private static byte[] Bomb(TempFolder folder, string packer)
    {
        folder.Write("header", new TarBuilder().Entry("a", '0', size: 1L << 30).Unended());
        Tool.Run("sh", "-ec", $"cd '{folder.Path}'; (cat header; head -c 300000000 /dev/zero) | {packer} > bomb");
        return File.ReadAllBytes(folder["bomb"]);
    }

    private static void ThreeBombs(LayoutBuilder builder, TempFolder folder)
    {
        byte[] archive = new TarBuilder().Entry("a", '0', new byte[100_000_000]).Build();
        JsonObject layer = builder.Blob(Zstd(folder, archive), LayoutBuilder.LayerType + "+zstd");
        JsonObject[] layers = [.. Enumerable.Range(0, 3).Select(_ => layer.DeepClone().AsObject())];
        builder.Begin(LayoutBuilder.Index(builder.Blob(builder.Manifest(LayoutBuilder.Config(archive, archive, archive), layers), LayoutBuilder.ManifestType)));
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
