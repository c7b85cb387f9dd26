using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orchestrator.Containers.Proofs;

/// <summary>Texts of policies as messages for people show them.</summary>
internal static partial class Words
{
    /// <summary>A command as a shell would take it; what needs quotes has JSON's.</summary>
    public static string Command(ImmutableArray<string> command) => command.IsEmpty ? "no command" : string.Join(' ', command.Select(Quote));

    /// <summary>A text, in JSON's quotes unless it is plain.</summary>
    public static string Quote(string text) => Plain().IsMatch(text) ? text : JsonSerializer.Serialize(text, s_readable);

    /// <summary>Words with commas and a last "and".</summary>
    public static string List(IEnumerable<string> words)
    {
        string[] all = [.. words];
        return all.Length < 2 ? string.Concat(all) : $"{string.Join(", ", all[..^1])} and {all[^1]}";
    }

    /// <summary>A hash, shortened.</summary>
    public static string Hash(string hash) => hash.Length > 12 ? hash[..12] + "…" : Quote(hash);

    /// <summary>A point as people say it.</summary>
    public static string Point(string point) => point.Replace('_', ' ');

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [GeneratedRegex(@"\A[A-Za-z0-9_./:=@%+,-]+\z")]
    private static partial Regex Plain();
}
