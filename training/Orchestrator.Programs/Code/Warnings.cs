namespace Orchestrator.Programs.Code;

/// <summary>Puts <c>pass</c> in the place of warnings. Lines stay where they are.</summary>
internal static class Warnings
{
    /// <summary>Rewrites source files.</summary>
    /// <param name="code">Source by path below the code folder.</param>
    /// <param name="lines">Lines that hold a warning and nothing else, by path in the archive.</param>
    public static IReadOnlyDictionary<string, string> Remove(IReadOnlyDictionary<string, string> code, IReadOnlySet<(string Path, int Line)> lines)
    {
        var quiet = code.ToDictionary();
        foreach (var file in lines.GroupBy(line => line.Path))
        {
            var path = file.Key[Archives.ProgramRecords.CodeFolder.Length..];
            var texts = code[path].Split('\n');
            foreach (var (_, line) in file)
            {
                var text = texts[line - 1];
                texts[line - 1] = text[..^text.TrimStart(' ').Length] + "pass";
            }

            quiet[path] = string.Join('\n', texts);
        }

        return quiet;
    }
}
