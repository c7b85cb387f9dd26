using System.CommandLine;

namespace Orchestrator.Cli;

/// <summary>What somebody probably meant who typed a command that there is not.</summary>
internal static class NearestCommand
{
    /// <summary>Slips that still make a word recognisable: a third of its letters, at least one.</summary>
    private static int Tolerance(string word) => Math.Max(1, word.Length / 3);

    /// <summary>The subcommand of <paramref name="group"/> that needs the fewest slips to become <paramref name="typed"/>, if that is few.</summary>
    public static string? Of(Command group, string typed) => group.Subcommands
        .Select(command => (command.Name, Slips: Slips(command.Name, typed.ToLowerInvariant())))
        .Where(candidate => candidate.Slips <= Tolerance(candidate.Name))
        .OrderBy(candidate => candidate.Slips)
        .Select(candidate => candidate.Name)
        .FirstOrDefault();

    /// <summary>Letters inserted, left out, replaced, or exchanged with their neighbour (the optimal string alignment distance).</summary>
    private static int Slips(string word, string typed)
    {
        int[,] slips = new int[word.Length + 1, typed.Length + 1];
        for (int i = 0; i <= word.Length; i++)
        {
            for (int j = 0; j <= typed.Length; j++)
            {
                slips[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(Math.Min(slips[i - 1, j], slips[i, j - 1]) + 1, slips[i - 1, j - 1] + (word[i - 1] == typed[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && word[i - 1] == typed[j - 2] && word[i - 2] == typed[j - 1])
                {
                    slips[i, j] = Math.Min(slips[i, j], slips[i - 2, j - 2] + 1);
                }
            }
        }

        return slips[word.Length, typed.Length];
    }
}
