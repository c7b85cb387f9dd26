using System.Text.Json.Nodes;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Running;
using Orchestrator.Notebooks.Tests.Support;
using static Orchestrator.Notebooks.Tests.Support.Notebooks;

namespace Orchestrator.Notebooks.Tests;

public class NotebookRunnerTests
{
    [Fact]
    public async Task Run_LaterCell_SeesVariablesTypesAndUsings()
    {
        JsonObject output = await OnlyOutputAsync(
            "using System.IO;\nrecord Point(int X);\nvar point = new Point(41);",
            "await Task.Yield();\nstring Describe(Point p) => Path.Combine(\"at\", (p.X + 1).ToString());",
            "Describe(point)");

        Assert.Equal("execute_result", (string?)output["output_type"]);
        Assert.Equal(3, (int?)output["execution_count"]);
        Assert.Equal("at/42", output.Text("text/plain"));
    }

    [Theory]
    [InlineData("Math.Abs(1);")]
    [InlineData("var two = 2;")]
    [InlineData("void Nothing() { }\nNothing()")]
    [InlineData("await Task.CompletedTask")]
    [InlineData("// nothing but a comment")]
    [InlineData("")]
    public async Task Run_LastStatementWithoutValue_ShowsNothing(string source) =>
        Assert.Empty((await RunAsync(source))[0].Outputs);

    [Fact]
    public async Task Run_ValueIsNull_ShowsNull() =>
        Assert.Equal("""<div class="dni-plaintext"><pre>&lt;null&gt;</pre></div>""", (await OnlyOutputAsync("(string)null")).Text("text/html"));

    [Fact]
    public async Task Run_ConsoleAndDisplay_InTheOrderOfTheCell()
    {
        IReadOnlyList<JsonObject> outputs = (await RunAsync(
            """
            Console.Write("one ");
            Console.WriteLine(1);
            display("shown");
            Console.Error.Write("oh");
            Console.Write("two");
            HTML("<b>last</b>")
            """))[0].Outputs;

        Assert.Equal(["stream", "display_data", "stream", "stream", "execute_result"], outputs.Select(output => (string?)output["output_type"]));
        Assert.Equal("one 1\n", outputs[0].Text());
        Assert.Equal("shown", outputs[1].Text("text/plain"));
        Assert.Equal(("stderr", "oh"), ((string?)outputs[2]["name"], outputs[2].Text()));
        Assert.Equal(("stdout", "two"), ((string?)outputs[3]["name"], outputs[3].Text()));
        Assert.Equal("<b>last</b>", outputs[4].Text("text/html"));
    }

    [Fact]
    public async Task Run_TasksOfACell_PrintToTheirCellWhileItRuns()
    {
        IReadOnlyList<CellResult> results = await RunAsync(
            """
            var printed = new TaskCompletionSource();
            var go = new TaskCompletionSource();
            var late = Task.Run(async () => { Console.Write("early"); printed.SetResult(); await go.Task; Console.Write("late"); });
            await printed.Task;
            """,
            "go.SetResult();\nawait late;\nConsole.Write(\"second\");");

        Assert.Equal("early", Assert.Single(results[0].Outputs).Text());
        Assert.Equal("second", Assert.Single(results[1].Outputs).Text());
    }

    [Fact]
    public async Task Run_DisplayAs_KeepsTheTextInItsRepresentation() =>
        Assert.Equal("<svg/>", (await OnlyOutputAsync("\"<svg/>\".DisplayAs(\"image/svg+xml\");")).Text("image/svg+xml"));

    [Fact]
    public async Task Run_ReferenceByPath_StartsAtTheNotebook()
    {
        using var folder = new TemporaryFolder();
        File.Copy(typeof(Microsoft.CodeAnalysis.CSharp.CSharpCompilation).Assembly.Location, folder.PathOf("library.dll"));
        await using var runner = new NotebookRunner(folder.Path);

        CellResult result = await runner.RunAsync(Of("#r \"library.dll\"\nMicrosoft.CodeAnalysis.CSharp.SyntaxKind.None.ToString()").Cells[0], TestContext.Current.CancellationToken);

        Assert.Null(result.Failure);
        Assert.Equal("None", Assert.Single(result.Outputs).Text("text/plain"));
    }

    [Fact]
    public async Task Run_MagicCommands_SwitchLanguageAndCodeKeepsItsLines()
    {
        IReadOnlyList<CellResult> results = await RunAsync("#!markdown\n# Title\n\n#!html\n<i>x</i>\n#!csharp\nthrow new Exception(\"here\");");

        Assert.Equal("# Title", results[0].Outputs[0].Text("text/markdown"));
        Assert.Equal("<i>x</i>", results[0].Outputs[1].Text("text/html"));
        Assert.Equal("Cell 1, line 7: System.Exception: here", results[0].Failure?.Message);
    }

    [Fact]
    public async Task Run_Time_ShowsTheTimeAfterTheRest()
    {
        IReadOnlyList<JsonObject> outputs = (await RunAsync("#!time\n40 + 2"))[0].Outputs;

        Assert.Equal(2, outputs.Count);
        Assert.Matches("^Wall time: [0-9.]+ms$", outputs[1].Text("text/plain"));
    }

    [Fact]
    public async Task Run_Import_BringsCodeOfFilesAndNotebooks()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.PathOf("helper.cs"), "int Twice(int x) => 2 * x;", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.PathOf("other.ipynb"), Json("var one = 1;").ToJsonString(), TestContext.Current.CancellationToken);
        await using var runner = new NotebookRunner(folder.Path);

        CellResult result = await runner.RunAsync(Of("#!import helper.cs\n#!import \"other.ipynb\"\nTwice(one)").Cells[0], TestContext.Current.CancellationToken);

        Assert.Null(result.Failure);
        Assert.Contains(">2<", Assert.Single(result.Outputs).Text("text/html"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1\n#!sql", 2)]
    [InlineData("#!", 1)]
    [InlineData("#!time twice", 1)]
    [InlineData("#!import", 1)]
    [InlineData("\n#!import no-such-file.cs", 2)]
    [InlineData("\n\n#r \"nuget: Newtonsoft.Json, 13.0.3\"", 3)]
    [InlineData("#i \"nuget: somewhere\"", 1)]
    public async Task Run_DirectiveThatIsNotUnderstood_FailsByCellAndLine(string source, int line)
    {
        NotebookException? failure = (await RunAsync("var before = 0;", source))[1].Failure;

        Assert.StartsWith($"Cell 2, line {line}:", failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CellOfAnotherLanguage_Fails()
    {
        JsonObject json = Json("let x = 1");
        json["cells"]![0]!["metadata"]!["polyglot_notebook"] = new JsonObject { ["kernelName"] = "fsharp" };
        await using var runner = new NotebookRunner(Path.GetTempPath());

        Assert.NotNull((await runner.RunAsync(Parse(json).Cells[0], TestContext.Current.CancellationToken)).Failure);
    }

    [Fact]
    public async Task Run_CodeThatDoesNotCompile_FailsWithPlaceAndCode()
    {
        CellResult result = (await RunAsync("\nint x = \"text\";"))[0];

        Assert.StartsWith("Cell 1(2,9): error CS0029", result.Failure?.Message, StringComparison.Ordinal);
        Assert.Equal("error", (string?)Assert.Single(result.Outputs)["output_type"]);
    }

    [Fact]
    public async Task Run_CellThatThrows_KeepsWhatItShowedAndEndsTheNotebook()
    {
        CellResult result = (await RunAsync("Console.Write(\"before\");\nthrow new InvalidOperationException(\"broken\");"))[0];
        Assert.Equal(["stream", "error"], result.Outputs.Select(output => (string?)output["output_type"]));
        Assert.IsType<InvalidOperationException>(result.Failure?.InnerException);

        await using var runner = new NotebookRunner(Path.GetTempPath());
        Notebook notebook = Of("throw new Exception();", "System.Environment.Exit(99);");
        await Assert.ThrowsAsync<NotebookException>(() => runner.RunAsync(notebook, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Run_Cancelled_Stops()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await using var runner = new NotebookRunner(Path.GetTempPath());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RunAsync(Of("await Task.Delay(-1);").Cells[0], cancel.Token));
    }

    [Fact]
    public async Task Dispose_VariablesThatNeedIt_AreDisposedLastFirst()
    {
        using var folder = new TemporaryFolder();
        string log = folder.PathOf("log");
        var runner = new NotebookRunner(folder.Path);
        await runner.RunAsync(
            Of($$"""
                class Item(string name) : IDisposable { public void Dispose() => System.IO.File.AppendAllText("{{log}}", name); }
                class LateItem : IAsyncDisposable { public async ValueTask DisposeAsync() => await System.IO.File.AppendAllTextAsync("{{log}}", "c"); }
                var a = new Item("a");
                var b = new Item("b");
                var c = new LateItem();
                """).Cells[0],
            TestContext.Current.CancellationToken);

        await runner.DisposeAsync();

        Assert.Equal("cba", await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken));
    }
}
