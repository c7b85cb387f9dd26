using System.IO.Compression;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Errors;
using Orchestrator.Training.Programs;

namespace Orchestrator.Training.Tests;

public sealed class ProgramArchiveTests(ProgramFolder programs)
{
    [Fact]
    public void Parse_ScriptedProgram_ShowsCodeAndOperators()
    {
        var archive = programs.Archive("convolutional");
        Assert.Contains("class Convolutional(Module):", archive.Code["__torch__.py"], StringComparison.Ordinal);
        Assert.Subset(archive.Operators.ToHashSet(), new HashSet<string> { "torch.conv2d", "torch.batch_norm", "torch.dropout", "torch.relu", "torch.linear" });
        Assert.Equal(archive.Operators.Distinct().Order(StringComparer.Ordinal), archive.Operators);
    }

    [Fact]
    public void Operators_TextThatLooksLikeACall_IsNotOne()
    {
        var operators = programs.Archive("talkative").Operators;
        Assert.Contains("print", operators);
        Assert.DoesNotContain("torch.imaginary", operators);
    }

    [Fact]
    public void Load_ProgramThatPrints_IsRefused() =>
        AssertCode("program-operator-refused", () => TrainingProgram.Load(programs.Archive("talkative")).Dispose());

    [Theory]
    [InlineData("mlp")]
    [InlineData("traced")]
    [InlineData("tokens")]
    public void Load_Program_ShowsParametersAsPyTorchNamesThem(string name)
    {
        using var program = TrainingProgram.Load(programs.Archive(name));
        Assert.NotEmpty(program.Parameters);
        Assert.All(program.Parameters, parameter => Assert.Equal((SafeTensorType.F32, true), (parameter.Type, parameter.Trained)));
        Assert.Contains(program.Parameters, parameter => parameter.Name.EndsWith(".weight", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_ProgramWithBatchNorm_ShowsItsBuffers()
    {
        using var program = TrainingProgram.Load(programs.Archive("convolutional"));
        Assert.Equal(
            [("norm.num_batches_tracked", SafeTensorType.I64, 0), ("norm.running_mean", SafeTensorType.F32, 1), ("norm.running_var", SafeTensorType.F32, 1)],
            program.Buffers.Select(buffer => (buffer.Name, buffer.Type, buffer.Shape.Count)).Order());
    }

    [Fact]
    public void Parse_StateDict_IsNotAProgram() => AssertRejected("program-not-torchscript", programs.Bytes("state_dict"));

    [Fact]
    public void Parse_NoForward_IsRejected() => AssertRejected("program-no-forward", programs.Bytes("no_forward"));

    [Theory]
    [InlineData("")]
    [InlineData("this is text")]
    [InlineData("PK\u0003\u0004 and then nothing")]
    public void Parse_ForeignFile_IsRejected(string content) =>
        AssertRejected("program-not-torchscript", System.Text.Encoding.UTF8.GetBytes(content));

    [Fact]
    public void Parse_CutAnywhere_IsRejected()
    {
        var bytes = programs.Bytes("mlp");
        for (var length = 0; length < bytes.Length; length += 97)
        {
            AssertRejected("program-not-torchscript", bytes[..length]);
        }
    }

    [Fact]
    public void Parse_TwoEntriesOfOneName_IsRejected()
    {
        AssertRejected("program-not-torchscript", Changed(zip => Write(zip, "mlp/code/__torch__.py", "class Mlp(Module):\n  def forward(self): pass\n")));
    }

    [Fact]
    public void Parse_EntryOutsideTheTopFolder_IsRejected() =>
        AssertRejected("program-not-torchscript", Changed(zip => Write(zip, "other/code/__torch__.py", "class Mlp(Module):")));

    [Fact]
    public void Load_TensorsMissing_IsRejected()
    {
        var archive = ProgramArchive.Parse(Changed(zip => zip.GetEntry("mlp/data/0")!.Delete()));
        AssertCode("program-does-not-load", () => TrainingProgram.Load(archive).Dispose());
    }

    [Fact]
    public void Load_CodeDoesNotCompile_IsRejected()
    {
        var archive = ProgramArchive.Parse(Changed(zip =>
        {
            zip.GetEntry("mlp/code/__torch__.py")!.Delete();
            Write(zip, "mlp/code/__torch__.py", "class Mlp(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    return nonsense(x)\n");
        }));
        AssertCode("program-does-not-load", () => TrainingProgram.Load(archive).Dispose());
    }

    private byte[] Changed(Action<ZipArchive> change)
    {
        var stream = new MemoryStream();
        stream.Write(programs.Bytes("mlp"));
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            change(zip);
        }

        return stream.ToArray();
    }

    private static void Write(ZipArchive zip, string path, string content)
    {
        using var writer = new StreamWriter(zip.CreateEntry(path, CompressionLevel.NoCompression).Open());
        writer.Write(content);
    }

    private static void AssertRejected(string code, byte[] bytes) => AssertCode(code, () => ProgramArchive.Parse(bytes));

    private static void AssertCode(string code, Action action) => Assert.Equal(code, Assert.Throws<OrchestratorException>(action).Code.Id);
}
