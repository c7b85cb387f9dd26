using System.Globalization;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Errors;

namespace Orchestrator.Sdk.Tests.Jobs;

/// <summary>The specification's example job, compiled: the same bytes everywhere, or a refusal that says what is too large.</summary>
public sealed class JobCompilerTests
{
    private static readonly string Example = Documents.YamlOf("job-file.md")[0];

    private static string Vectors => Path.GetDirectoryName(Documents.Vector("job-file/program.card"))!;

    private static byte[] Expected => Convert.FromHexString(File.ReadAllText(Documents.Vector("job-file/manifest.hex")).ReplaceLineEndings(""));

    [Fact]
    public void Compile_TheSpecificationsExample_GivesTheVectorsBytes() => Assert.Equal(Expected, Compile(Example).Encoding.ToArray());

    [Fact]
    public void Compile_UnderACultureThatWritesNumbersOtherwise_GivesTheSameBytes()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NumberGroupSeparator = ".", NegativeSign = "\u2212", PositiveSign = "\u200e+" };
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = culture;
            Assert.Equal(Expected, Compile(Example).Encoding.ToArray());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Compile_WithOtherLineEndings_GivesTheSameBytes() =>
        Assert.Equal(Expected, Compile(Example.Replace("\n", "\r\n", StringComparison.Ordinal)).Encoding.ToArray());

    [Theory]
    [InlineData("tiles: 60000000", "workspace")]
    [InlineData("tiles: 943718400, parameters: 200000000", "optimizer")]
    public void Compile_OfAJobThatDoesNotFit_NamesThePartAndByHowMuch(string memory, string part)
    {
        string job = Example.Replace("memory: {", $"memory: {{{memory}, ", StringComparison.Ordinal);
        var refusal = Assert.Throws<OrchestratorException>(() => Compile(job));

        Assert.Same(ContractErrors.MemoryExceeded, refusal.Code);
        Assert.Matches($@"needs \d+ bytes of tile memory, \d+ more than the \d+ that there are\. Its largest part is {part} with \d+", refusal.Message);
        Assert.NotEqual(ContractErrors.MemoryExceeded.Remedy, refusal.Remedy);
    }

    [Theory]
    [InlineData("batch_size: 32", "batch_size: 33", "plan.batch_size 33", "32")]
    [InlineData("launcher: lab", "launcher: lab\nserial: 5", "serial 5", "0")]
    [InlineData("receivers: [lab, clinic]", "receivers: [lab]", "outputs[0].receivers[0] lab", "clinic")]
    [InlineData("memory: {workspace: 67108864}", "memory: {workspace: 67108865}", "memory.total 70829379", "70829378")]
    public void Difference_FromAnotherJob_IsTheFirstInWords(string ours, string theirs, string place, string value)
    {
        Manifest proposed = Compile(Example.Replace(ours, theirs, StringComparison.Ordinal));
        var difference = proposed.DifferenceFrom(Compile(Example))!;

        Assert.Equal(place, $"{difference.Path} {difference.Before}");
        Assert.Equal(value, difference.After);
    }

    private static Manifest Compile(string yaml) => JobCompiler.Compile(JobFile.Parse(yaml, Vectors));
}
