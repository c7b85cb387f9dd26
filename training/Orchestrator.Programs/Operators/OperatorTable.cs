namespace Orchestrator.Programs;

/// <summary>What the table says of an operator.</summary>
/// <param name="IsAdmitted">Whether programs may use it.</param>
/// <param name="Family">What it belongs to.</param>
/// <param name="Reason">Why it is admitted or not.</param>
/// <param name="Remedy">What to use instead, if something is.</param>
public sealed record OperatorRule(bool IsAdmitted, string Family, string Reason, string? Remedy);

/// <summary>
/// The operators of PyTorch 1.13, each admitted or refused with a reason: <c>operators.txt</c>. What it does not name is refused.
/// </summary>
public sealed class OperatorTable
{
    private static readonly OperatorRule Unknown = new(false, "unknown", "it is not an operator of PyTorch 1.13 that this verifier knows", null);

    private readonly Dictionary<string, OperatorRule> _rules = [];

    private OperatorTable()
    {
        using var reader = new StreamReader(typeof(OperatorTable).Assembly.GetManifestResourceStream("operators.txt")!);
        OperatorRule? rule = null;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("+ ", StringComparison.Ordinal) || line.StartsWith("- ", StringComparison.Ordinal))
            {
                rule = Head(line);
            }
            else if (line.StartsWith("  ", StringComparison.Ordinal))
            {
                foreach (var name in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    _rules.Add(name, rule!);
                }
            }
        }
    }

    /// <summary>The table.</summary>
    public static OperatorTable Default { get; } = new();

    /// <summary>Every operator that the table names; operators of other namespaces than aten with theirs: <c>prim.data</c>.</summary>
    public IReadOnlyDictionary<string, OperatorRule> Rules => _rules;

    /// <summary>What it says of an operator.</summary>
    public OperatorRule RuleOf(string name) => _rules.GetValueOrDefault(name, Unknown);

    // `+ family: reason` or `- family: reason | remedy`.
    private static OperatorRule Head(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var texts = line[(colon + 1)..].Split('|', StringSplitOptions.TrimEntries);
        return new OperatorRule(line[0] == '+', line[2..colon], texts[0], texts.Length > 1 ? texts[1] : null);
    }
}
