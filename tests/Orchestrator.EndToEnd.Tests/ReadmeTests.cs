using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace Orchestrator.EndToEnd.Tests;

public sealed partial class ReadmeTests
{
    [Fact]
    public void Samples_Compile()
    {
        MatchCollection samples = Sample().Matches(File.ReadAllText(Repository.PathOf("README.md")));

        Assert.NotEmpty(samples);
        Assert.All(samples, sample => Assert.Empty(CSharpScript.Create(sample.Groups[1].Value, Options).Compile()));
    }

    [Theory]
    [InlineData("docs/spec")]
    [InlineData("docs/threat-model.md")]
    [InlineData("docs/errors.md")]
    [InlineData("docs/cli.md")]
    [InlineData("docs/benchmarks.md")]
    [InlineData("notebooks/quickstart.ipynb")]
    [InlineData("CONTRIBUTING.md")]
    public void PlacesToReadOn_Exist(string place) => Assert.True(Path.Exists(Repository.PathOf(place)), place);

    private static ScriptOptions Options { get; } = ScriptOptions.Default
        .WithReferences(AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic && assembly.Location.Length > 0))
        .AddReferences(typeof(Sdk.Party).Assembly)
        .WithImports("System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading.Tasks");

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();
}
