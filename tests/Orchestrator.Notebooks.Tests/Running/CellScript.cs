using System.Text;
using System.Text.RegularExpressions;
using Orchestrator.Notebooks.Documents;

namespace Orchestrator.Notebooks.Running;

/// <summary>What a part of a cell is.</summary>
internal enum PartKind
{
    CSharp,
    Markdown,
    Html,
    Import,
}

/// <summary>A part of a cell between two magic commands.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; code has blank lines before it, so that its lines count as the cell's do.</param>
/// <param name="Line">Its first line, counted from 1.</param>
internal sealed record CellPart(PartKind Kind, string Text, int Line);

/// <summary>A code cell, divided by its magic commands: lines that begin with <c>#!</c>.</summary>
internal sealed partial class CellScript
{
    private static readonly Dictionary<string, PartKind> s_languages = new()
    {
        ["csharp"] = PartKind.CSharp,
        ["c#"] = PartKind.CSharp,
        ["C#"] = PartKind.CSharp,
        ["markdown"] = PartKind.Markdown,
        ["md"] = PartKind.Markdown,
        ["html"] = PartKind.Html,
    };

    private readonly List<CellPart> _parts = [];
    private readonly NotebookCell _cell;
    private PartKind _kind;

    private CellScript(NotebookCell cell)
    {
        _cell = cell;
        _kind = s_languages.TryGetValue(cell.Language, out PartKind kind) ? kind : throw Bad(1, $"cells in {cell.Language} are not run here");
    }

    /// <summary>Whether <c>#!time</c> asks for the time that the cell takes.</summary>
    public bool IsTimed { get; private set; }

    /// <summary>What to do, in order.</summary>
    public IReadOnlyList<CellPart> Parts => _parts;

    /// <exception cref="NotebookException">A magic command is unknown, lacks its argument, or would fetch packages.</exception>
    public static CellScript Parse(NotebookCell cell)
    {
        var script = new CellScript(cell);
        var text = new StringBuilder();
        int first = 1;
        string[] lines = cell.Source.Split('\n');
        for (int number = 1; number <= lines.Length; number++)
        {
            string line = lines[number - 1];
            if (PackageDirective().IsMatch(line))
            {
                throw script.Bad(number, "no packages are fetched here; refer to a file by #r \"path\"");
            }

            if (line.StartsWith("#!", StringComparison.Ordinal))
            {
                script.Add(script._kind, text, first);
                script.Obey(line, number);
                first = number + 1;
            }
            else
            {
                text.Append(line).Append('\n');
            }
        }

        script.Add(script._kind, text, first);
        return script;
    }

    private void Obey(string command, int line)
    {
        switch (command[2..].Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            case ["time"]:
                IsTimed = true;
                break;
            case ["import", { } path]:
                _parts.Add(new CellPart(PartKind.Import, path.Trim('"'), line));
                break;
            case [{ } language] when s_languages.TryGetValue(language, out PartKind next):
                _kind = next;
                break;
            default:
                throw Bad(line, $"\"{command.Trim()}\" is no magic command that is run here");
        }
    }

    private NotebookException Bad(int line, string what) => new($"Cell {_cell.Number}, line {line}: {what}.");

    private void Add(PartKind kind, StringBuilder text, int line)
    {
        string part = text.ToString().TrimEnd('\n');
        text.Clear();
        if (!string.IsNullOrWhiteSpace(part))
        {
            _parts.Add(new CellPart(kind, kind == PartKind.CSharp ? new string('\n', line - 1) + part : part, line));
        }
    }

    [GeneratedRegex("""^\s*#(r\s+"nuget:|i\s+")""")]
    private static partial Regex PackageDirective();
}
