namespace Orchestrator.Containers.Patterns;

/// <summary>Reads a pattern's characters one by one.</summary>
internal sealed class PatternCursor(string pattern)
{
    private readonly int[] _pattern = [.. Unquote([.. pattern.EnumerateRunes().Select(rune => rune.Value)])];

    /// <summary>Whether any are left.</summary>
    public bool More => Position < _pattern.Length;

    /// <summary>Characters that were read.</summary>
    public int Position { get; private set; }

    /// <summary>The next character, or the one behind it; -1 where there is none.</summary>
    public int Peek(int ahead = 0) => Position + ahead < _pattern.Length ? _pattern[Position + ahead] : -1;

    /// <summary>Takes the next character, which has to be there.</summary>
    public int Take() => _pattern[Position++];

    /// <summary>Takes the next character if it is <paramref name="c"/>.</summary>
    public bool Accept(int c)
    {
        bool matches = Peek() == c;
        if (matches)
        {
            Position++;
        }

        return matches;
    }

    /// <summary>Goes back to where <see cref="Position"/> was.</summary>
    public void Return(int position) => Position = position;

    // \Q…\E stands for its characters one by one, so that a repetition behind it repeats the last of them.
    private static IEnumerable<int> Unquote(int[] pattern)
    {
        bool quoted = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            int following = i + 1 < pattern.Length ? pattern[i + 1] : -1;
            if (pattern[i] == '\\' && following == (quoted ? 'E' : 'Q'))
            {
                quoted = !quoted;
                i++;
            }
            else if (quoted && pattern[i] < 128 && !char.IsAsciiLetterOrDigit((char)pattern[i]))
            {
                yield return '\\';
                yield return pattern[i];
            }
            else
            {
                yield return pattern[i];
                if (!quoted && pattern[i] == '\\' && following >= 0)
                {
                    yield return pattern[++i];
                }
            }
        }
    }
}
