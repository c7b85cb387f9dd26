using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Containers.Patterns;

/// <summary>A set of Unicode code points.</summary>
public sealed class CodePointSet
{
    /// <summary>The largest code point.</summary>
    public const int Last = 0x10FFFF;

    private readonly ImmutableArray<(int First, int Last)> _ranges;

    private CodePointSet(ImmutableArray<(int First, int Last)> ranges) => _ranges = ranges;

    /// <summary>Every code point.</summary>
    public static CodePointSet All { get; } = Range(0, Last);

    /// <summary>The decimal digits of ASCII.</summary>
    public static CodePointSet Digits { get; } = Range('0', '9');

    /// <summary>Letters and digits of ASCII and the underscore.</summary>
    public static CodePointSet WordCharacters { get; } = Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    /// <summary>Blanks of ASCII without the vertical tab, as RE2 has it.</summary>
    public static CodePointSet Blanks { get; } = Of(('\t', '\n'), ('\f', '\r'), (' ', ' '));

    /// <summary>Disjoint, ascending, not adjacent.</summary>
    public ImmutableArray<(int First, int Last)> Ranges => _ranges;

    /// <summary>Whether it holds nothing.</summary>
    public bool IsEmpty => _ranges.IsEmpty;

    /// <summary>The code points from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public static CodePointSet Range(int first, int last) => new([(first, last)]);

    /// <summary>The union of ranges in any order.</summary>
    public static CodePointSet Of(params IEnumerable<(int First, int Last)> ranges)
    {
        var merged = ImmutableArray.CreateBuilder<(int First, int Last)>();
        foreach ((int first, int last) in ranges.Order())
        {
            if (merged.Count > 0 && first <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            }
            else
            {
                merged.Add((first, last));
            }
        }

        return new CodePointSet(merged.ToImmutable());
    }

    /// <summary>The code points of Unicode's general categories that <paramref name="belongs"/> accepts.</summary>
    public static CodePointSet OfCategories(Func<UnicodeCategory, bool> belongs)
    {
        ArgumentNullException.ThrowIfNull(belongs);
        return Of(Enumerable.Range(0, Last + 1).Where(point => belongs(CharUnicodeInfo.GetUnicodeCategory(point))).Select(point => (point, point)));
    }

    /// <summary>What is in this set or in <paramref name="other"/>.</summary>
    public CodePointSet Union(CodePointSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Of(_ranges.Concat(other._ranges));
    }

    /// <summary>What is not in this set.</summary>
    public CodePointSet Complement()
    {
        var gaps = ImmutableArray.CreateBuilder<(int First, int Last)>();
        int next = 0;
        foreach ((int first, int last) in _ranges)
        {
            if (first > next)
            {
                gaps.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= Last)
        {
            gaps.Add((next, Last));
        }

        return new CodePointSet(gaps.ToImmutable());
    }

    /// <summary>The set with the other case of every letter of ASCII, and what Unicode folds onto <c>k</c> and <c>s</c>.</summary>
    public CodePointSet FoldCase()
    {
        var added = new List<(int, int)>(_ranges);
        for (char lower = 'a'; lower <= 'z'; lower++)
        {
            int[] orbit = lower switch { 'k' => ['k', 'K', 0x212A], 's' => ['s', 'S', 0x17F], _ => [lower, lower - 32] };
            if (orbit.Any(Contains))
            {
                added.AddRange(orbit.Select(point => (point, point)));
            }
        }

        return Of(added);
    }

    /// <summary>Whether <paramref name="point"/> is in the set.</summary>
    public bool Contains(int point)
    {
        int low = 0;
        int high = _ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (point < _ranges[middle].First)
            {
                high = middle - 1;
            }
            else if (point > _ranges[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }
}
