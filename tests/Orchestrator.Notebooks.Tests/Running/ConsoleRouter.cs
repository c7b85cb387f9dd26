using System.Text;

namespace Orchestrator.Notebooks.Running;

/// <summary>Gives what cells print on the console to their cell, and everything else to the console.</summary>
internal sealed class ConsoleRouter : TextWriter
{
    private static readonly Lock s_lock = new();
    private static bool s_isInstalled;

    private readonly TextWriter _console;
    private readonly string _stream;

    private ConsoleRouter(TextWriter console, string stream)
    {
        _console = console;
        _stream = stream;
    }

    public override Encoding Encoding => _console.Encoding;

    /// <summary>Stands in front of the console from now on. Doing it twice changes nothing.</summary>
    public static void Install()
    {
        lock (s_lock)
        {
            if (!s_isInstalled)
            {
                Console.SetOut(new ConsoleRouter(Console.Out, "stdout"));
                Console.SetError(new ConsoleRouter(Console.Error, "stderr"));
                s_isInstalled = true;
            }
        }
    }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        if (CellRun.CurrentOrNone is { } cell)
        {
            cell.Print(_stream, value ?? "");
        }
        else
        {
            _console.Write(value);
        }
    }
}
