using System.Text;
using Orchestrator.Errors;
using Orchestrator.Programs.Archives;

namespace Orchestrator.Programs.Tests;

/// <summary>Archives in PyTorch's form with anything in them.</summary>
internal static class TestArchive
{
    /// <summary>The values of a module with no tensors: class M of __torch__.</summary>
    public static readonly byte[] NoValues = Pickle("c__torch__\nM\n)\u0081}b.");

    private static readonly byte[] NoConstants = Pickle(").");

    /// <summary>A pickle of protocol 2, a character a byte.</summary>
    public static byte[] Pickle(string opcodes) => [0x80, 2, .. Encoding.Latin1.GetBytes(opcodes)];

    /// <summary>An archive of records.</summary>
    public static byte[] Of(params (string Path, byte[] Data)[] records)
    {
        var stream = new MemoryStream();
        Zip.Write(stream, records.Select(record => ("m/" + record.Path, (ReadOnlyMemory<byte>)record.Data)));
        return stream.ToArray();
    }

    /// <summary>A program whose one source file is this, root class M.</summary>
    public static byte[] OfCode(string source, byte[]? values = null, params (string Path, byte[] Data)[] more) => Of(
    [
        ("data.pkl", values ?? NoValues),
        ("constants.pkl", NoConstants),
        ("code/__torch__.py", Encoding.Latin1.GetBytes(source.ReplaceLineEndings("\n"))),
        ("version", "3\n"u8.ToArray()),
        .. more,
    ]);

    /// <summary>A program whose forward has these statements, indented here.</summary>
    public static byte[] OfForward(params string[] statements) => OfCode(
        "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n"
        + string.Concat(statements.Select(statement => $"    {statement}\n")) + "    return x\n");

    /// <summary>The line of the first statement of <see cref="OfForward"/>.</summary>
    public const int FirstLine = 6;

    public static byte[] Written(VerifiedProgram program)
    {
        var stream = new MemoryStream();
        program.WriteTo(stream);
        return stream.ToArray();
    }

    public static OrchestratorException AssertRefused(ErrorCode code, byte[] archive)
    {
        var refusal = Assert.Throws<OrchestratorException>(() => VerifiedProgram.Verify(archive));
        Assert.True(refusal.Code == code, $"{refusal.Code}: {refusal.Message}");
        return refusal;
    }
}
