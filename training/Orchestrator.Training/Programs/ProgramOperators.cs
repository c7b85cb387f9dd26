using System.Text.RegularExpressions;

namespace Orchestrator.Training.Programs;

/// <summary>Finds the operators that serialised TorchScript names: <c>torch.add</c>, <c>ops.prim.data</c>, <c>print</c>.</summary>
internal static partial class ProgramOperators
{
    /// <summary>Operators of all sources, in ordinal order, each once.</summary>
    public static IReadOnlyList<string> In(IEnumerable<string> sources) =>
    [
        .. sources
            .SelectMany(source => Tokens().Matches(source))
            .Where(token => token.Groups["operator"].Success)
            .Select(token => token.Groups["operator"].Value)
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];

    // A string literal is one token, so that nothing in it is taken for an operator; so is a longer dotted name that ends like
    // one. Every character that begins a token belongs to one, closed or not, which keeps the search linear.
    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? |
        (?<operator>(?:torch|ops)(?:\.\w+)+ | print(?![\w.])) |
        [\w.]+
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Tokens();
}
