using Orchestrator.Errors;

namespace Orchestrator.Programs;

/// <summary>How large a program may be (docs/spec/program.md, "Limits").</summary>
public static class ProgramLimits
{
    /// <summary>Most bytes of an archive: what one array holds.</summary>
    public const int MaxArchiveBytes = 1 << 30;

    /// <summary>Most records of an archive.</summary>
    public const int MaxRecords = 1 << 16;

    /// <summary>Most bytes of a record's path.</summary>
    public const int MaxPathBytes = 1024;

    /// <summary>Most bytes of all source files together, unpacked.</summary>
    public const int MaxCodeBytes = 16 << 20;

    /// <summary>Most bytes of a pickle: names and sizes, while the numbers are in records of their own.</summary>
    public const int MaxPickleBytes = 16 << 20;

    /// <summary>Most values that a pickle may hold on its stack or in its memo.</summary>
    public const int MaxPickleValues = 1 << 20;

    /// <summary>Most characters of a name or text in a pickle.</summary>
    public const int MaxTextBytes = 1 << 20;

    /// <summary>Most dimensions of a tensor.</summary>
    public const int MaxDimensions = 64;

    /// <summary>Deepest nesting of values, of types, and of expressions.</summary>
    public const int MaxDepth = 200;

    /// <summary>Deepest nesting of blocks of code.</summary>
    public const int MaxBlockDepth = 90;

    /// <summary>Longest chain of calls.</summary>
    public const int MaxCallDepth = 200;

    /// <summary>Largest constant that may limit a loop.</summary>
    public const long MaxTrips = 1 << 20;

    internal static OrchestratorException Exceeded(string what, string limit) =>
        new(ProgramErrors.TooLarge, $"the program has {what}; the limit is {limit}");
}
