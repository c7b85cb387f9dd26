using System.Text.Json;

namespace Orchestrator.Tests;

/// <summary>The tree that the tests were built from.</summary>
internal static class Tree
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Reads a file of <c>tests/Vectors</c>.</summary>
    public static JsonDocument Vectors(string folder, string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Root, "tests", "Vectors", folder, name)));

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Orchestrator.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException("The tests do not run inside the tree.");
    }
}
