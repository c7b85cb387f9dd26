using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Orchestrator.EndToEnd.Tests;

public sealed partial class ReadmeTests
{
    // What a new console project has without being told.
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    [Fact]
    public void Samples_Compile()
    {
        MatchCollection samples = Sample().Matches(File.ReadAllText(Repository.PathOf("README.md")));

        Assert.NotEmpty(samples);
        Assert.All(samples, sample => Assert.Empty(Compile(sample.Groups[1].Value)));
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

    private static IEnumerable<Diagnostic> Compile(string program) =>
        CSharpCompilation.Create(
            "sample",
            [CSharpSyntaxTree.ParseText(ImplicitUsings), CSharpSyntaxTree.ParseText(program)],
            References(),
            new CSharpCompilationOptions(Microsoft.CodeAnalysis.OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable))
        .GetDiagnostics()
        .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning);

    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();
}
