namespace Orchestrator.Bench.Streams;

/// <summary>Sealing a file with all cores, process start included.</summary>
internal sealed class SealFileVersusAge : IBenchmark
{
    public string Name => "file-seal-age";

    public string Method => "Sealing a 1 GiB file in memory with its digest as a process of its own, all cores / age -r on the same file; wall time, the quickest of 9 runs in turns.";

    public Aim Aim => Aim.AtLeast(1.5);

    public Comparison Measure()
    {
        using var files = new AgeFiles();
        (double measured, double reference) = Alternation.Highest(AgeFiles.Rounds, files.Seal, files.AgeSeal);
        return new Comparison(measured, reference, "GB/s");
    }
}
