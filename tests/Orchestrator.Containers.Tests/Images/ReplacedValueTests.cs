using System.Text.Json.Nodes;
using Orchestrator.Containers.Images;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Images;

/// <summary>Every value of every document of an image, replaced by others: the image is refused with a code, or read; nothing else happens.</summary>
public sealed class ReplacedValueTests
{
    private static readonly string[] s_values = ["null", "true", "-1", "1.5", "99999999999999999999", "\"\"", "\"x\"", "\"sha256:\"", "[]", "[null]", "[{}]", "{}", "{\"a\":{}}"];

    [Fact]
    public void Is_refused_with_a_code_or_read()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["out"]);
        int refused = 0;
        int read = 0;
        foreach (string document in (string[])["index", "manifest", "config"])
        {
            foreach ((string path, string value) in Places(Make(new LayoutBuilder(folder), document, _ => { })).SelectMany(_ => s_values, (path, value) => (path, value)))
            {
                var builder = new LayoutBuilder(folder);
                Make(builder, document, original => Replace(original, path, JsonNode.Parse(value)));
                try
                {
                    using ContainerImage image = ContainerImage.Open(builder.Path);
                    image.BuildLayer(0, folder["out"]);
                    read++;
                }
                catch (OrchestratorException e)
                {
                    Assert.True(e.Code.Id.StartsWith("image-", StringComparison.Ordinal) || e.Code.Id.StartsWith("layer-", StringComparison.Ordinal), $"{document} {path} {value}: {e.Code.Id}");
                    refused++;
                }
                catch (Exception e)
                {
                    Assert.Fail($"{document} {path} {value}: {e}");
                }
            }
        }

        Assert.True(refused > read && read > 0, $"{refused} refused, {read} read");
    }

    /// <summary>Writes a layout with one document changed, and gives that document as it was.</summary>
    private static JsonObject Make(LayoutBuilder builder, string document, Action<JsonObject> change)
    {
        JsonObject? original = null;
        JsonObject Changed(string name, JsonObject value)
        {
            if (name == document)
            {
                original = value.DeepClone().AsObject();
                change(value);
            }

            return value;
        }

        JsonObject config = Changed("config", LayoutBuilder.Config(LayoutBuilder.SmallLayer));
        JsonObject manifest = Changed("manifest", builder.Manifest(config, builder.Blob(LayoutBuilder.SmallLayer, LayoutBuilder.LayerType)));
        JsonObject described = builder.Blob(manifest, LayoutBuilder.ManifestType);
        described["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "amd64" };
        described["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = "a" };
        builder.Begin(Changed("index", LayoutBuilder.Index(described)));
        return original!;
    }

    private static IEnumerable<string> Places(JsonNode? node, string path = "") => node switch
    {
        JsonObject map => map.SelectMany(member => Places(member.Value, $"{path}/{member.Key}").Prepend($"{path}/{member.Key}")),
        JsonArray list => list.SelectMany((item, index) => Places(item, $"{path}/{index}").Prepend($"{path}/{index}")),
        _ => [],
    };

    private static void Replace(JsonNode node, string path, JsonNode? value)
    {
        string[] keys = path.Split('/')[1..];
        foreach (string key in keys[..^1])
        {
            node = node is JsonArray list ? list[int.Parse(key, null)]! : node[key]!;
        }

        if (node is JsonArray array)
        {
            array[int.Parse(keys[^1], null)] = value;
        }
        else
        {
            node[keys[^1]] = value;
        }
    }
}
