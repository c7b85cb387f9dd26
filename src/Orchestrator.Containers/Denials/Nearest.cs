namespace Orchestrator.Containers.Denials;

/// <summary>Finds what somebody probably meant.</summary>
internal static class Nearest
{
    // Longer texts are compared by their beginnings: enough to tell them apart, and the time stays bounded.
    private const int MaxCompared = 256;

    /// <summary>Of <paramref name="permitted"/> the one that takes the fewest changes to become <paramref name="asked"/>; null: there is none.</summary>
    public static T? Of<T>(IEnumerable<T> permitted, string asked, Func<T, string> text)
        where T : class => permitted.MinBy(item => Distance(asked, text(item)));

    /// <summary>Insertions, removals and replacements of characters between two texts.</summary>
    public static int Distance(string left, string right)
    {
        ReadOnlySpan<char> from = left.AsSpan(0, Math.Min(left.Length, MaxCompared));
        ReadOnlySpan<char> to = right.AsSpan(0, Math.Min(right.Length, MaxCompared));
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 0; i < from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            for (int j = 0; j < to.Length; j++)
            {
                int replaced = diagonal + (from[i] == to[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replaced, Math.Min(row[j], row[j + 1]) + 1);
            }
        }

        return row[^1] + Math.Abs(left.Length - right.Length) / MaxCompared;
    }
}
