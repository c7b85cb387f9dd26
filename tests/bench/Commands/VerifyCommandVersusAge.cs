namespace Orchestrator.Bench.Commands;

/// <summary>The command that a party checks a sealed file with.</summary>
internal sealed class VerifyCommandVersusAge : IBenchmark
{
    public string Name => "command-verify-age";

    public string Method => "`orchestrator data verify` of a 1 GiB sealed file in memory, all cores / age -d of the same data to /dev/null; wall time, the quickest of 9 runs in turns.";

    public Aim Aim => Aim.AtLeast(1.5);

    public Comparison Measure()
    {
        using var files = new CommandFiles();
        files.Seal();
        files.AgeSeal();
        (double measured, double reference) = Alternation.Highest(CommandFiles.Rounds, files.Verify, files.AgeOpen);
        return new Comparison(measured, reference, "GB/s");
    }
}
