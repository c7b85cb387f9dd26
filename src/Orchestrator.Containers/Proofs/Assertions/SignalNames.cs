using System.Globalization;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>The names of signals on Linux, of processors other than Alpha, MIPS, PA-RISC and SPARC (signal(7)).</summary>
internal static class SignalNames
{
    private const string Prefix = "SIG";

    // In the order of their numbers, from 1.
    private static readonly string[] Names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT",
        "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>The number of a signal that is named with or without its prefix, or by its number, 1 to 64; null: there is none.</summary>
    public static long? Find(string name)
    {
        if (long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            return number is >= 1 and <= 64 ? number : null;
        }

        string bare = name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? name[Prefix.Length..] : name;
        int index = Array.FindIndex(Names, known => known.Equals(bare, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? null : index + 1;
    }
}
