using System.Text;
using Orchestrator.Attestation;
using Orchestrator.Errors;

namespace Orchestrator.Uvm.Tests;

/// <summary>What an image measures, and that it is what was measured.</summary>
public sealed class UvmImageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-uvm-").FullName;

    public UvmImageTests()
    {
        File.WriteAllText(At("kernel"), "kernel");
        File.WriteAllText(At("initrd"), "files");
        File.WriteAllText(At("command-line"), "quiet");
        File.WriteAllText(At("measurement"), $"{Expected()}\n");
    }

    [Fact]
    public void Open_MeasuresTheListThatSha384sumPrints()
    {
        UvmImage image = UvmImage.Open(_folder);

        Assert.Equal(Expected(), image.Measurement);
        Assert.Equal("quiet", image.CommandLine);
        Assert.Null(image.ReadEndorsement());
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("initrd")]
    [InlineData("command-line")]
    public void Open_RefusesAnotherFileThanWasMeasured(string name)
    {
        File.AppendAllText(At(name), " ");

        Assert.Equal(UvmErrors.ImageChanged, Assert.Throws<OrchestratorException>(() => UvmImage.Open(_folder)).Code);
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("initrd")]
    [InlineData("command-line")]
    [InlineData("measurement")]
    public void Open_RefusesAFolderWithoutAllFiles(string name)
    {
        File.Delete(At(name));

        Assert.Equal(UvmErrors.ImageMissing, Assert.Throws<OrchestratorException>(() => UvmImage.Open(_folder)).Code);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Measurement Expected() => Measurement.Of(Encoding.ASCII.GetBytes(
        $"{Of("kernel")}  kernel\n{Of("files")}  initrd\n{Of("quiet")}  command-line\n"));

    private static Measurement Of(string text) => Measurement.Of(Encoding.ASCII.GetBytes(text));

    private string At(string name) => Path.Combine(_folder, name);
}
