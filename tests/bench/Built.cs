namespace Orchestrator.Bench;

/// <summary>What the build and the tree hold, from the tree's root, where <c>eng/bench.sh</c> starts this program.</summary>
internal static class Built
{
    public const string Orchestrator = "orchestrator";
    public const string Host = "Orchestrator.Host";
    public const string Device = "Orchestrator.Device";
    public const string Tiles = "Orchestrator.Tiles";

    /// <summary>Debian's Python, which has PyTorch; another may come first on the path.</summary>
    public const string Python = "/usr/bin/python3";

    /// <summary>The folder of the command, and of all programs that it starts.</summary>
    public static string Folder { get; } = Path.GetFullPath("artifacts/bin/Orchestrator.Cli/release");

    public static string PathOf(string program) => Path.Combine(Folder, program);

    public static string TorchScript(string name) => Existing($"training/programs/{name}.pt");

    public static string Dataset(string file) => Existing($"training/datasets/{file}");

    private static string Existing(string path) =>
        File.Exists(path) ? Path.GetFullPath(path) : throw new UnavailableException($"{path} is not here: start eng/bench.sh");
}
