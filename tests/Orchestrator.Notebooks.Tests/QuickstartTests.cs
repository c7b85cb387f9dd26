using System.Globalization;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Orchestrator.Notebooks.Comparison;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Running;
using Orchestrator.Notebooks.Tests.Support;
using Orchestrator.Tests;

namespace Orchestrator.Notebooks.Tests;

/// <summary>Runs <c>notebooks/quickstart.ipynb</c> once, against a host and a device that it starts itself, and looks at what a reader would see.</summary>
[Collection(nameof(QuickstartRun))]
public partial class QuickstartTests(QuickstartRun run)
{
    private const int Epochs = 30;
    private const double LeastAccuracy = 0.95;

    [Fact]
    public void Outputs_AsStoredInTheFile()
    {
        IReadOnlyList<string> differences = StoredOutputs.Differences(run.Results);

        Assert.True(differences.Count == 0, $"{string.Join('\n', differences)}\nIf that is meant, store the outputs: {QuickstartRun.WriteVariable}=1.");
    }

    [Fact]
    public void Accuracy_OnRecordsThatNoClinicGave_IsHigh()
    {
        string[] table = run.OutputOf("metrics").Text("text/csv")!.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] last = table[^1].Split(',');

        Assert.Equal("Epoch,TrainLoss,EvaluationLoss,Accuracy", table[0]);
        Assert.Equal(Epochs, int.Parse(last[0], CultureInfo.InvariantCulture));
        Assert.InRange(double.Parse(last[3], CultureInfo.InvariantCulture), LeastAccuracy, 1);
    }

    [Fact]
    public void Chart_IsAPictureOfEveryEpoch()
    {
        XElement picture = XDocument.Parse(run.OutputOf("chart").Text("image/svg+xml")!).Root!;
        XNamespace svg = "http://www.w3.org/2000/svg";
        double[] box = [.. picture.Attribute("viewBox")!.Value.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        XElement[] lines = [.. picture.Elements(svg + "polyline")];

        Assert.Equal(svg + "svg", picture.Name);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line =>
        {
            double[][] points = [.. line.Attribute("points")!.Value.Split(' ')
                .Select(point => point.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray())];
            Assert.Equal(Epochs, points.Length);
            Assert.All(points, point => Assert.True(point[0] >= 0 && point[0] <= box[2] && point[1] >= 0 && point[1] <= box[3]));
            Assert.True(points[^1][1] > points[0][1], "the loss does not fall");
        });
    }

    [Fact]
    public async Task CleanUp_LeavesNoServiceAndNoFolder()
    {
        Match address = Address().Match(run.Results.Single(result => result.Cell.Id == "cluster").Outputs[0].Text()!);
        using var client = new TcpClient();

        await Assert.ThrowsAsync<SocketException>(() =>
            client.ConnectAsync("127.0.0.1", int.Parse(address.Groups[1].Value, CultureInfo.InvariantCulture), TestContext.Current.CancellationToken).AsTask());
        Assert.Empty(Directory.GetDirectories(run.TemporaryPath, "quickstart-*"));
    }

    [GeneratedRegex(@"https://127\.0\.0\.1:(\d+)")]
    private static partial Regex Address();
}

/// <summary>
/// One run of the notebook, in its folder. With ORCHESTRATOR_WRITE_NOTEBOOKS=1 it writes the outputs into the file.
/// No other test runs meanwhile: current folder and environment belong to the process.
/// </summary>
[CollectionDefinition(nameof(QuickstartRun), DisableParallelization = true)]
public sealed class QuickstartRun : IAsyncLifetime, ICollectionFixture<QuickstartRun>
{
    internal const string WriteVariable = "ORCHESTRATOR_WRITE_NOTEBOOKS";
    private const string TemporaryVariable = "TMPDIR";
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder _temporary = new();

    /// <summary>What the cells showed.</summary>
    public IReadOnlyList<CellResult> Results { get; private set; } = [];

    /// <summary>Where the notebook found the place for its own folder.</summary>
    public string TemporaryPath => _temporary.Path;

    /// <summary>The last output of a cell.</summary>
    public JsonObject OutputOf(string cell) => Results.Single(result => result.Cell.Id == cell).Outputs[^1];

    public async ValueTask InitializeAsync()
    {
        string path = Path.Combine(Tree.Root, "notebooks", "quickstart.ipynb");
        string folder = Path.GetDirectoryName(path)!;
        Notebook notebook = Notebook.Read(path);
        string? before = Environment.GetEnvironmentVariable(TemporaryVariable);
        string directoryBefore = Directory.GetCurrentDirectory();
        Environment.SetEnvironmentVariable(TemporaryVariable, TemporaryPath);
        Directory.SetCurrentDirectory(folder);
        try
        {
            using var limit = new CancellationTokenSource(s_limit);
            await using var runner = new NotebookRunner(folder);
            Results = await runner.RunAsync(notebook, limit.Token);
        }
        finally
        {
            Directory.SetCurrentDirectory(directoryBefore);
            Environment.SetEnvironmentVariable(TemporaryVariable, before);
        }

        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            foreach (CellResult result in Results)
            {
                result.Cell.Store(result.ExecutionCount, result.Outputs);
            }

            await File.WriteAllTextAsync(path, notebook.ToJson());
        }
    }

    public ValueTask DisposeAsync()
    {
        _temporary.Dispose();
        return ValueTask.CompletedTask;
    }
}
