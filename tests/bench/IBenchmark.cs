namespace Orchestrator.Bench;

/// <summary>One figure that is measured as a ratio within one run, against something on the same machine.</summary>
internal interface IBenchmark
{
    /// <summary>A stable name, such as <c>stream-seal-frames</c>.</summary>
    string Name { get; }

    /// <summary>What is divided by what, in one sentence.</summary>
    string Method { get; }

    /// <summary>What the ratio should be.</summary>
    Aim Aim { get; }

    /// <summary>Measures.</summary>
    /// <exception cref="UnavailableException">This machine lacks what is needed.</exception>
    Comparison Measure();
}

/// <summary>What a ratio should be at least, or at most.</summary>
internal readonly record struct Aim(double Value, bool IsFloor)
{
    public static Aim AtLeast(double value) => new(value, true);

    public static Aim AtMost(double value) => new(value, false);

    public bool IsMetBy(double ratio) => IsFloor ? ratio >= Value : ratio <= Value;

    public override string ToString() => FormattableString.Invariant($"{(IsFloor ? "at least" : "at most")} {Value:0.###}");
}

/// <summary>Two figures of one unit; the ratio of the first to the second is the result.</summary>
internal readonly record struct Comparison(double Measured, double Reference, string Unit)
{
    public double Ratio => Measured / Reference;
}

/// <summary>Says that a benchmark cannot run here, and why.</summary>
internal sealed class UnavailableException(string reason) : Exception(reason);
