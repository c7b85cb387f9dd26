namespace Orchestrator.Containers.Patterns.Sets;

/// <summary>One character for every class of characters that no automaton of a search tells apart.</summary>
internal static class Alphabet
{
    // Patterns are matched against scalar values: halves of a surrogate pair never reach them.
    private static readonly (int First, int Last) Surrogates = (0xD800, 0xDFFF);

    /// <summary>The characters, those that people read best first.</summary>
    public static int[] Of(IEnumerable<CodePointSet> distinctions)
    {
        CodePointSet[] sets = [.. distinctions.DistinctBy(set => string.Join(',', set.Ranges))];
        var best = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((int first, int last) in Intervals(sets))
        {
            string members = string.Concat(sets.Select(set => set.Contains(first) ? '1' : '0'));
            int representative = Representative(first, last);
            if (!best.TryGetValue(members, out int former) || Rank(representative) < Rank(former))
            {
                best[members] = representative;
            }
        }

        return [.. best.Values.OrderBy(Rank).ThenBy(c => c)];
    }

    // Within an interval every set has all characters or none. The kinds of characters below are cut apart for the sake of legibility.
    private static IEnumerable<(int First, int Last)> Intervals(CodePointSet[] sets)
    {
        IEnumerable<(int First, int Last)> ranges = sets.SelectMany(set => set.Ranges.AsEnumerable()).Append(Surrogates).Append(('a', 'z')).Append(('A', 'Z')).Append(('0', '9')).Append((' ', '~'));
        int[] starts = [.. ranges.SelectMany<(int First, int Last), int>(range => [range.First, range.Last + 1]).Append(0).Where(c => c <= CodePointSet.Last).Distinct().Order()];
        for (int i = 0; i < starts.Length; i++)
        {
            int last = i + 1 < starts.Length ? starts[i + 1] - 1 : CodePointSet.Last;
            if (starts[i] < Surrogates.First || starts[i] > Surrogates.Last)
            {
                yield return (starts[i], last);
            }
        }
    }

    private static int Representative(int first, int last) => first <= 'x' && last >= 'x' ? 'x' : first;

    private static int Rank(int c) => c switch
    {
        >= 'a' and <= 'z' => 0,
        >= 'A' and <= 'Z' => 1,
        >= '0' and <= '9' => 2,
        > ' ' and <= '~' => 3,
        ' ' => 4,
        > '~' => 5,
        _ => 6,
    };
}
