using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Errors;
using Orchestrator.Tests;

namespace Orchestrator.Data.Tests.SafeTensors;

public sealed class SafeTensorFileTests
{
    private static readonly SafeTensor[] Tensors =
    [
        new("layer.weight", SafeTensorType.F32, [2, 3], Floats(1, 2, 3, 4, 5, 6)),
        new("layer.bias", SafeTensorType.F32, [2], Floats(-1, 0.5f)),
        new("steps", SafeTensorType.I64, [], new byte[] { 7, 0, 0, 0, 0, 0, 0, 0 }),
        new("empty", SafeTensorType.U8, [0, 4], Array.Empty<byte>()),
    ];

    [Fact]
    public void Tensors_WrittenInAnyOrder_GiveTheSameSortedFile()
    {
        var file = Write(Tensors);
        Assert.Equal(file, Write([.. Tensors.Reverse()]));
        var read = SafeTensorFile.Read(file);
        Assert.Equal(["empty", "layer.bias", "layer.weight", "steps"], read.Select(tensor => tensor.Name));
        foreach (var tensor in read)
        {
            var original = Tensors.Single(other => other.Name == tensor.Name);
            Assert.Equal(original.Type, tensor.Type);
            Assert.Equal(original.Shape, tensor.Shape);
            Assert.Equal(original.Data.ToArray(), tensor.Data.ToArray());
        }

        Assert.Equal(file, Write([.. read]));
    }

    [Fact]
    public void File_LoadedByHandInPython_HasTheSameArrays()
    {
        using var file = new Files.TempFile("model.safetensors", Write(Tensors, new Dictionary<string, string> { ["format"] = "pt" }));
        var script = Path.Combine(Tree.Root, "tests", "Orchestrator.Data.Tests", "SafeTensors", "load.py");
        using var process = Process.Start(new ProcessStartInfo(SystemPython.Path, [script, file.Path]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(
            """
            empty uint8 (0, 4) []
            layer.bias float32 (2,) [-1.0, 0.5]
            layer.weight float32 (2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
            steps int64 () 7

            """,
            output);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void Writer_GivenNonsense_Throws()
    {
        Assert.Throws<ArgumentException>(() => Write([Tensors[0], Tensors[0]]));
        Assert.Throws<ArgumentException>(() => Write([Tensors[0] with { Name = "__metadata__" }]));
        Assert.Throws<ArgumentException>(() => Write([Tensors[0] with { Shape = [7] }]));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", null)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   """, null)]
    [InlineData("""{"__metadata__":{"x":"y"},"a":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]}}""", null)]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", null)]
    [InlineData("", "data-file-damaged")]
    [InlineData("{", "data-file-damaged")]
    [InlineData("[]", "data-file-damaged")]
    [InlineData(" {}", "data-file-damaged")]
    [InlineData("{}", "data-file-damaged")]
    [InlineData("""{"a":[]}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}""", "data-file-damaged")]
    [InlineData("""{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,4]}}""", "data-unsupported")]
    public void Header_OfEachShape_IsReadOrRefusedByCode(string header, string? code)
    {
        byte[] file = [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(header)), .. Encoding.UTF8.GetBytes(header), 1, 2, 3, 4];
        if (code is null)
        {
            Assert.NotEmpty(SafeTensorFile.Read(file));
        }
        else
        {
            Assert.Equal(code, Assert.Throws<OrchestratorException>(() => SafeTensorFile.Read(file)).Code.Id);
        }
    }

    [Fact]
    public void File_CutAnywhere_IsRefused()
    {
        var file = Write(Tensors);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Throws<OrchestratorException>(() => SafeTensorFile.Read(file.AsMemory(0, length)));
        }

        Assert.Throws<OrchestratorException>(() => SafeTensorFile.Read((byte[])[.. file, 0]));
        BinaryPrimitives.WriteInt64LittleEndian(file, SafeTensorFile.MaxHeaderSize + 1);
        Assert.Equal("data-too-large", Assert.Throws<OrchestratorException>(() => SafeTensorFile.Read(file)).Code.Id);
    }

    [Fact]
    public void AnyBytes_AreReadOrRefusedButNeverElse() =>
        Prop.ForAll(
            (from position in Gen.Choose(0, Write(Tensors).Length - 1) from value in Gen.Choose(0, 255) select (position, value)).ToArbitrary(),
            change =>
            {
                var file = Write(Tensors);
                file[change.position] = (byte)change.value;
                try
                {
                    SafeTensorFile.Read(file);
                }
                catch (OrchestratorException)
                {
                }
            }).QuickCheckThrowOnFailure();

    private static byte[] Write(SafeTensor[] tensors, Dictionary<string, string>? metadata = null)
    {
        using var file = new MemoryStream();
        SafeTensorFile.Write(file, tensors, metadata);
        return file.ToArray();
    }

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
