using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Cli;

/// <summary>Where a command's results (standard output), messages (standard error) and questions go.</summary>
public sealed class Terminal
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>For results, and nothing else.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>For everything else.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person watches <see cref="Error"/>, so that a moving bar makes sense.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Whether a person watches <see cref="Out"/>, too.</summary>
    public bool ShowsResults { get; init; }

    /// <summary>Characters of a line, where a person watches.</summary>
    public int Width { get; init; } = 80;

    /// <summary>Reads a line that is not shown; <see langword="null"/> when nobody can be asked.</summary>
    public Func<string, string?> AskSecret { get; init; } = _ => null;

    /// <summary>Environment variables.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The clock of rates and remaining times.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether results are JSON.</summary>
    public bool Json { get; set; }

    /// <summary>The terminal or the pipes that the process was started with.</summary>
    public static Terminal OfThisProcess() => new()
    {
        Out = System.Console.Out,
        Error = System.Console.Error,
        IsInteractive = !System.Console.IsErrorRedirected,
        ShowsResults = !System.Console.IsOutputRedirected,
        Width = System.Console.IsErrorRedirected || System.Console.IsOutputRedirected ? 80 : System.Console.WindowWidth,
        AskSecret = question => System.Console.IsInputRedirected || System.Console.IsErrorRedirected ? null : ReadHidden(question),
    };

    /// <summary>Prints a result: <paramref name="value"/> as one line of JSON, or <paramref name="text"/>.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>: results go to a file that cannot take them.</exception>
    public void Result(object value, string text) => LocalFile.Guard("standard output", () =>
    {
        Out.WriteLine(Json ? JsonSerializer.Serialize(value, s_json) : Printable(text));
        Out.Flush();
        return true;
    });

    /// <summary>Prints a message for people.</summary>
    public void Note(string text) => Say(Printable(text));

    /// <summary>Prints a failure: one line with its code, one with the remedy.</summary>
    public void Fail(OrchestratorException failure)
    {
        if (Json)
        {
            var error = new { code = failure.Code.Id, message = failure.Message, remedy = failure.Remedy, exit_code = ExitCodes.Of(failure.Code) };
            Say(JsonSerializer.Serialize(new { error }, s_json));
        }
        else
        {
            Say($"error: {failure.Code.Id}: {OneLine(failure.Message)}");
            Say($"remedy: {OneLine(failure.Remedy)}");
        }

        if (Variable("ORCHESTRATOR_TRACE") is "1")
        {
            Say($"{failure}");
        }
    }

    // Nobody can be told that nobody can be told; the work goes on, and its exit code says how it ended.
    private void Say(string line)
    {
        try
        {
            Error.WriteLine(line);
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
        }
    }

    /// <summary><paramref name="text"/> without the characters that could drive a terminal: names and messages may be a stranger's.</summary>
    private static string Printable(string text) =>
        string.Concat(text.Select(c => IsSafe(c) ? c : '\uFFFD'));

    // Formatting characters can reverse what a reader sees.
    private static bool IsSafe(char c) => c == '\n' || char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format);

    private static string OneLine(string text) => Printable(text).Replace('\n', ' ');

    private static string? ReadHidden(string question)
    {
        System.Console.Error.Write(question);
        var line = new StringBuilder();

        // As a signal, Ctrl-C would not end the wait for a key.
        System.Console.TreatControlCAsInput = true;
        try
        {
            while (System.Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
            {
                if (key is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control })
                {
                    throw new OperationCanceledException();
                }

                if (key.Key == ConsoleKey.Backspace)
                {
                    line.Length = Math.Max(0, line.Length - 1);
                }
                else if (!char.IsControl(key.KeyChar))
                {
                    line.Append(key.KeyChar);
                }
            }
        }
        finally
        {
            System.Console.TreatControlCAsInput = false;
            System.Console.Error.WriteLine();
        }

        return line.ToString();
    }
}
