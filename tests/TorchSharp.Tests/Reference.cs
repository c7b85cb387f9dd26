using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

[assembly: AssemblyFixture(typeof(TorchSharp.Tests.Reference))]
[assembly: CollectionBehavior(DisableTestParallelization = true)] // tensors are counted for the whole process

namespace TorchSharp.Tests;

/// <summary>What PyTorch made of the cases in reference.py, in a folder of its own.</summary>
public sealed class Reference : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("torchsharp-tests-").FullName;

    public Reference()
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "reference.py"), _folder])
        {
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors);
        Cases = JsonSerializer.Deserialize<Case[]>(File.ReadAllText(InFolder("index.json")), JsonSerializerOptions.Web)!
            .ToDictionary(entry => entry.Name);
    }

    public IReadOnlyDictionary<string, Case> Cases { get; }

    public string InFolder(string name) => Path.Combine(_folder, name);

    public byte[] Bytes(string name) => File.ReadAllBytes(InFolder(name));

    public float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Bytes(name)).ToArray();

    public jit.ScriptModule<Tensor, Tensor> Load(string name) => jit.load<Tensor, Tensor>(InFolder(name + ".pt"));

    public Tensor Tensor(string name, Shape description)
    {
        var tensor = empty(description.Lengths, description.Dtype == "int64" ? ScalarType.Int64 : ScalarType.Float32);
        Bytes(name).CopyTo(tensor.bytes);
        return tensor;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public sealed record Shape(
        [property: System.Text.Json.Serialization.JsonPropertyName("shape")] long[] Lengths, string Dtype);

    public sealed record Case(string Name, string Loss, string Optimizer, double? Clip, Shape X, Shape Target, Dictionary<string, Shape> State, Dictionary<string, Shape> Memory);
}
