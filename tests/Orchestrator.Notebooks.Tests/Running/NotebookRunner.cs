using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Html;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Scripting;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Interactive;

namespace Orchestrator.Notebooks.Running;

/// <summary>What a code cell showed.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="ExecutionCount">Its place among the cells that ran, counted from 1.</param>
/// <param name="Outputs">Outputs of nbformat.</param>
/// <param name="Failure">Why it failed, if it did: it does not compile, throws, or says what is not understood here.</param>
public sealed record CellResult(NotebookCell Cell, int ExecutionCount, IReadOnlyList<JsonObject> Outputs, NotebookException? Failure);

/// <summary>
/// Runs C# notebooks cell by cell, as .NET Interactive does: every cell goes on from the variables, types and <c>using</c>s of
/// those before it. The current folder must be the notebook's, as it is in a notebook editor; paths start there.
/// </summary>
public sealed class NotebookRunner : IAsyncDisposable
{
    private static readonly string[] s_imports =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq",
        "Microsoft.DotNet.Interactive.Kernel",
    ];

    private readonly string _folder;
    private readonly ScriptOptions _options;
    private readonly FormatterTable _formatters = new();
    private ScriptState<object>? _state;
    private int _executionCount;

    /// <summary>Creates a runner with no variables.</summary>
    /// <param name="folder">The notebook's folder: where <c>#r</c> and <c>#!import</c> look.</param>
    public NotebookRunner(string folder)
    {
        ConsoleRouter.Install();
        _folder = folder;
        _options = ScriptOptions.Default
            .WithLanguageVersion(LanguageVersion.Latest)
            .WithEmitDebugInformation(true)
            .WithFileEncoding(Encoding.UTF8)
            .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(folder))
            .WithSourceResolver(ScriptSourceResolver.Default.WithBaseDirectory(folder))
            .AddReferences(typeof(Enumerable).Assembly, typeof(Microsoft.DotNet.Interactive.Kernel).Assembly, typeof(IHtmlContent).Assembly)
            .AddImports(s_imports);
    }

    /// <summary>Runs all code cells of a notebook.</summary>
    /// <exception cref="NotebookException">A cell failed; those after it have not run.</exception>
    public async Task<IReadOnlyList<CellResult>> RunAsync(Notebook notebook, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        var results = new List<CellResult>();
        foreach (NotebookCell cell in notebook.Cells.Where(cell => cell.Kind == CellKind.Code))
        {
            CellResult result = await RunAsync(cell, cancel);
            if (result.Failure is { } failure)
            {
                throw failure;
            }

            results.Add(result);
        }

        return results;
    }

    /// <summary>Runs a code cell.</summary>
    public async Task<CellResult> RunAsync(NotebookCell cell, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var run = new CellRun(++_executionCount, _formatters);
        NotebookException? failure = null;
        try
        {
            // A method of its own: what it sets for the flow of execution ends with it.
            await RunWithinAsync(run, cell, cancel);
        }
        catch (NotebookException e)
        {
            failure = e;
            run.Fail(e.Message, (e.InnerException ?? e).ToString().Split('\n'));
        }

        return new CellResult(cell, _executionCount, run.Finish(), failure);
    }

    /// <summary>Disposes of what the cells left in their variables, last first, so that a notebook that failed leaves no process behind.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (object? value in (_state?.Variables ?? []).Select(variable => variable.Value).Reverse())
        {
            switch (value)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
    }

    private async Task RunWithinAsync(CellRun run, NotebookCell cell, CancellationToken cancel)
    {
        run.Enter();
        long started = Stopwatch.GetTimestamp();
        var script = CellScript.Parse(cell);
        foreach (CellPart part in script.Parts)
        {
            switch (part.Kind)
            {
                case PartKind.CSharp:
                    await RunCodeAsync(run, part.Text, $"Cell {cell.Number}", cancel);
                    break;
                case PartKind.Markdown:
                    run.Show([new FormattedValue("text/markdown", part.Text)]);
                    break;
                case PartKind.Html:
                    run.Show([new FormattedValue("text/html", part.Text)]);
                    break;
                case PartKind.Import:
                    await ImportAsync(run, part, cell, cancel);
                    break;
            }
        }

        if (script.IsTimed)
        {
            double milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            run.Show([new FormattedValue("text/plain", string.Create(CultureInfo.InvariantCulture, $"Wall time: {milliseconds}ms"))]);
        }
    }

    private async Task ImportAsync(CellRun run, CellPart part, NotebookCell cell, CancellationToken cancel)
    {
        string path = Path.GetFullPath(part.Text, _folder);
        switch (Path.GetExtension(path))
        {
            case ".cs" or ".csx" when File.Exists(path):
                await RunCodeAsync(run, await File.ReadAllTextAsync(path, cancel), part.Text, cancel);
                break;
            case ".ipynb":
                foreach (NotebookCell imported in Notebook.Read(path).Cells.Where(imported => imported.Kind == CellKind.Code))
                {
                    await RunWithinAsync(run, imported, cancel);
                }

                break;
            default:
                throw new NotebookException($"Cell {cell.Number}, line {part.Line}: {part.Text} is no .cs, .csx or .ipynb file.");
        }
    }

    private async Task RunCodeAsync(CellRun run, string code, string place, CancellationToken cancel)
    {
        ScriptOptions options = _options.WithFilePath(place);
        Script<object> script = _state is null ? CSharpScript.Create<object>(code, options) : _state.Script.ContinueWith<object>(code, options);
        ImmutableArray<Diagnostic> errors = [.. script.Compile(cancel).Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];
        if (errors.Length > 0)
        {
            throw new NotebookException(string.Join('\n', errors.Select(error => error.ToString())));
        }

        try
        {
            _state = await (_state is null ? script.RunAsync(cancellationToken: cancel) : script.RunFromAsync(_state, cancel)).WaitAsync(cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            throw new NotebookException($"{place}{LineOf(e, place)}: {e.GetType().FullName}: {e.Message}", e);
        }

        if (HasValue(script))
        {
            run.Return(_state.ReturnValue);
        }
    }

    // A cell shows the value of its last statement if that is an expression without a semicolon that has a value.
    private static bool HasValue(Script script)
    {
        Compilation compilation = script.GetCompilation();
        SyntaxTree tree = compilation.SyntaxTrees.Last();
        return ((CompilationUnitSyntax)tree.GetRoot()).Members.LastOrDefault() is GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } last }
            && compilation.GetSemanticModel(tree).GetTypeInfo(last.Expression).Type is { SpecialType: not SpecialType.System_Void };
    }

    // The innermost line of the cell that the exception passed. Debug information has full paths.
    private string LineOf(Exception exception, string place)
    {
        string path = Path.GetFullPath(place, _folder);
        int? line = new StackTrace(exception, fNeedFileInfo: true).GetFrames().FirstOrDefault(frame => frame.GetFileName() == path)?.GetFileLineNumber();
        return line is null ? "" : $", line {line}";
    }
}
