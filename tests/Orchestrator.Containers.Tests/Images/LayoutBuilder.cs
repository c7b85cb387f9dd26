using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Containers.Tests.Layers;

namespace Orchestrator.Containers.Tests.Images;

/// <summary>Writes OCI image layouts document by document, honest ones and others.</summary>
internal sealed class LayoutBuilder
{
    public const string LayerType = "application/vnd.oci.image.layer.v1.tar";
    public const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    public const string IndexType = "application/vnd.oci.image.index.v1+json";
    public const string ConfigType = "application/vnd.oci.image.config.v1+json";

    private readonly TempFolder _folder;

    public LayoutBuilder(TempFolder folder)
    {
        _folder = folder;
        folder.Write("layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"u8);
    }

    public string Path => _folder["layout"];

    /// <summary>The layer of most tests.</summary>
    public static byte[] SmallLayer { get; } = new TarBuilder().Folder("etc/").File("etc/passwd", "root:x:0:0::/root:/bin/sh\n").File("bin/sh", "#!", 0x1ED).Build();

    public static string HashOf(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Stores a blob and describes it.</summary>
    public JsonObject Blob(byte[] content, string type)
    {
        string hash = HashOf(content);
        _folder.Write("layout/blobs/sha256/" + hash[7..], content);
        return new JsonObject { ["mediaType"] = type, ["digest"] = hash, ["size"] = content.Length };
    }

    public JsonObject Blob(JsonNode document, string type) => Blob(Encoding.UTF8.GetBytes(document.ToJsonString()), type);

    public static JsonObject Config(params byte[][] archives) => new()
    {
        ["architecture"] = "amd64",
        ["os"] = "linux",
        ["config"] = new JsonObject { ["Cmd"] = new JsonArray("/bin/sh"), ["Env"] = new JsonArray("PATH=/bin") },
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. archives.Select(archive => (JsonNode)HashOf(archive))]) },
    };

    /// <summary>A manifest and what it names.</summary>
    public JsonObject Manifest(JsonObject config, params JsonObject[] layers) => new()
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = ManifestType,
        ["config"] = Blob(config, ConfigType),
        ["layers"] = new JsonArray([.. layers]),
    };

    /// <summary>An index over what is described.</summary>
    public static JsonObject Index(params JsonObject[] manifests) => new() { ["schemaVersion"] = 2, ["manifests"] = new JsonArray([.. manifests]) };

    /// <summary>Writes the index that readers begin with.</summary>
    public LayoutBuilder Begin(JsonNode index)
    {
        _folder.Write("layout/index.json", Encoding.UTF8.GetBytes(index.ToJsonString()));
        return this;
    }

    /// <summary>An image of one small layer, with one thing changed.</summary>
    public LayoutBuilder Small(Action<JsonObject>? layer = null, Action<JsonObject>? config = null, Action<JsonObject>? manifest = null, Action<JsonObject>? descriptor = null)
    {
        JsonObject blob = Blob(SmallLayer, LayerType);
        layer?.Invoke(blob);
        JsonObject configuration = Config(SmallLayer);
        config?.Invoke(configuration);
        JsonObject document = Manifest(configuration, blob);
        manifest?.Invoke(document);
        JsonObject described = Blob(document, ManifestType);
        descriptor?.Invoke(described);
        return Begin(Index(described));
    }

    /// <summary>Puts a file into the layout, in place of what is there.</summary>
    public LayoutBuilder Put(string name, ReadOnlySpan<byte> content)
    {
        _folder.Write("layout/" + name, content);
        return this;
    }

    /// <summary>Changes bytes in the one blob that has them.</summary>
    public LayoutBuilder Change(string from, string to)
    {
        byte[] old = Encoding.ASCII.GetBytes(from);
        string path = Directory.EnumerateFiles(_folder["layout/blobs/sha256"]).Single(file => File.ReadAllBytes(file).AsSpan().IndexOf(old) >= 0);
        byte[] content = File.ReadAllBytes(path);
        Encoding.ASCII.GetBytes(to, content.AsSpan(content.AsSpan().IndexOf(old)));
        File.WriteAllBytes(path, content);
        return this;
    }

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }
}
