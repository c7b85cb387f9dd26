using System.Text;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>Splits a claim into words at blanks. Quotes keep a word together, and so do the brackets of a JSON array.</summary>
internal static class AssertionWords
{
    /// <summary>The words; quotes around a whole word are taken off.</summary>
    public static IEnumerable<string> Split(string text)
    {
        var word = new StringBuilder();
        int depth = 0;
        char quote = '\0';
        bool started = false;
        foreach (char c in text)
        {
            if (quote == '\0' && depth == 0 && char.IsWhiteSpace(c))
            {
                if (started)
                {
                    yield return word.ToString();
                }

                word.Clear();
                started = false;
                continue;
            }

            bool array = word.Length > 0 && word[0] == '[';
            depth += quote == '\0' && c == '[' && (array || word.Length == 0) ? 1 : quote == '\0' && c == ']' && array ? -1 : 0;
            bool quotes = c == '"' && (quote == '"' || quote == '\0') && (array || word.Length == 0 || quote == '"');
            quote = !quotes ? quote : quote == '\0' ? '"' : '\0';
            started = true;
            if (!quotes || array)
            {
                word.Append(c);
            }
        }

        if (started)
        {
            yield return word.ToString();
        }
    }
}
