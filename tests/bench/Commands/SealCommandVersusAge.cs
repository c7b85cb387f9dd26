namespace Orchestrator.Bench.Commands;

/// <summary>The command that a party seals its data with.</summary>
internal sealed class SealCommandVersusAge : IBenchmark
{
    public string Name => "command-seal-age";

    public string Method => "`orchestrator data seal` of a 1 GiB .npy file of f4 in memory, reading and checking its numbers, all cores / age -r on the same file; wall time, the quickest of 9 runs in turns.";

    public Aim Aim => Aim.AtLeast(1.5);

    public Comparison Measure()
    {
        using var files = new CommandFiles();
        (double measured, double reference) = Alternation.Highest(CommandFiles.Rounds, files.Seal, files.AgeSeal);
        return new Comparison(measured, reference, "GB/s");
    }
}
