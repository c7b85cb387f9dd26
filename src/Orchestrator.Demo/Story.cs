using System.Globalization;
using Spectre.Console;

namespace Orchestrator.Demo;

/// <summary>Tells on the terminal what happens, as it happens.</summary>
internal sealed class Story(IAnsiConsole console, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private int _chapter;

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    public void Chapter(string title)
    {
        console.WriteLine();
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{++_chapter}. {title}[/]");
    }

    /// <summary>A command as a reader could type it, with the folder of its party.</summary>
    public void Typed(string party, string command) =>
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"   [grey]{party}$[/] orchestrator {command}");

    public void Line(string text) => console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"   {text}");

    public void Good(string text) => console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"   [green]{text}[/]");

    public void Write(Table table) => console.Write(table);

    /// <summary>The last line, for people and scripts alike.</summary>
    public void End(string line)
    {
        console.WriteLine();
        console.Profile.Out.Writer.WriteLine(line);
    }
}
