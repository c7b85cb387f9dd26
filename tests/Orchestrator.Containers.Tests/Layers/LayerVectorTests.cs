using System.IO.Compression;
using System.Text.Json;
using Orchestrator.Containers.Layers;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Layers;

/// <summary>Layers whose images were made once and written down: a change of these bytes would change every policy.</summary>
public sealed class LayerVectorTests
{
    public static TheoryData<string> Names => [.. Vectors().Select(vector => vector.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_layer_is_the_same_image_wherever_and_whenever_it_is_made(string name)
    {
        using var folder = new TempFolder();
        JsonElement vector = Vectors().Single(item => item.GetProperty("name").GetString() == name);
        using var archive = new GZipStream(new MemoryStream(vector.GetProperty("archive").GetBytesFromBase64()), CompressionMode.Decompress);

        LayerImage layer = LayerImageWriter.Write(archive, folder.Path).Image;

        Assert.Equal(vector.GetProperty("diff_id").GetString(), layer.DiffId.ToString());
        Assert.Equal(vector.GetProperty("root_hash").GetString(), layer.RootHash.ToString());
        Assert.Equal(vector.GetProperty("length").GetInt64(), layer.Length);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_second_implementation_makes_it_byte_for_byte(string name)
    {
        using var folder = new TempFolder();
        JsonElement vector = Vectors().Single(item => item.GetProperty("name").GetString() == name);
        using var archive = new GZipStream(new MemoryStream(vector.GetProperty("archive").GetBytesFromBase64()), CompressionMode.Decompress);
        using (FileStream tar = File.Create(folder["layer.tar"]))
        {
            archive.CopyTo(tar);
        }

        using FileStream again = File.OpenRead(folder["layer.tar"]);
        LayerImage layer = LayerImageWriter.Write(again, folder.Path).Image;

        string printed = Tool.Run("/usr/bin/python3", Path.Combine(Tree.Root, "tests", "Orchestrator.Containers.Tests", "Python", "layer_image.py"), folder["layer.tar"], folder["other"]);

        Assert.Equal($"{layer.DiffId} {layer.RootHash} {layer.Length}\n", printed);
        Assert.Equal(File.ReadAllBytes(layer.Path), File.ReadAllBytes(folder["other"]));
    }

    private static IEnumerable<JsonElement> Vectors() => Tree.Vectors("layer-image", "layers.json").RootElement.GetProperty("vectors").EnumerateArray();
}
