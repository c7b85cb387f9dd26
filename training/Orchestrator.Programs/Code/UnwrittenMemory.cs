using System.Text;
using System.Text.RegularExpressions;

namespace Orchestrator.Programs.Code;

/// <summary>
/// Puts operators that fill with zeros in the place of those that return memory which nothing wrote. A program that is right cannot
/// tell. It is done before the code is verified, so that what is not found here is refused there.
/// </summary>
internal static partial class UnwrittenMemory
{
    /// <summary>Rewrites a source file. Every character stays where it is.</summary>
    public static ReadOnlyMemory<byte> Fill(ReadOnlyMemory<byte> source)
    {
        var text = Encoding.Latin1.GetString(source.Span);
        return text.Contains("empty", StringComparison.Ordinal) ? Encoding.Latin1.GetBytes(Pattern().Replace(text, Filled)) : source;
    }

    private static string Filled(Match found) => found.Groups["operator"].Value switch
    {
        "empty" => "torch.zeros(",
        "empty_like" => "torch.zeros_like(",
        "new_empty" => "torch.new_zeros(",
        _ => found.Value,
    };

    // Texts are passed over whole, those without an end, too: the lexer refuses them.
    [GeneratedRegex("""
        "(?>(?:[^"\\]+|\\.)*)"?|(?<![A-Za-z0-9_.])torch\.(?<operator>empty|empty_like|new_empty)\(
        """, RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Pattern();
}
