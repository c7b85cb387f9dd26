namespace Orchestrator.Sdk.Tests;

/// <summary>Specifications and vectors, as they stand in the tree.</summary>
internal static class Documents
{
    public static string Vector(string path) => Path.Combine(AppContext.BaseDirectory, "Vectors", path);

    /// <summary>The YAML examples of a specification, in order.</summary>
    public static IReadOnlyList<string> YamlOf(string document)
    {
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Documents", document));
        return [.. text.Split("```yaml\n").Skip(1).Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)])];
    }
}
