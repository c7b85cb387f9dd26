namespace Orchestrator.Cli.Tests;

/// <summary>Files of the tree that the tests were built in.</summary>
internal static class Repository
{
    private static readonly string s_root = Find();

    public static string PathOf(params string[] parts) => Path.Combine([s_root, .. parts]);

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Orchestrator.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests do not run from within the tree.");
    }
}
