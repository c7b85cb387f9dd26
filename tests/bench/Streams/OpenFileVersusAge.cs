namespace Orchestrator.Bench.Streams;

/// <summary>Opening a file with all cores, process start included.</summary>
internal sealed class OpenFileVersusAge : IBenchmark
{
    public string Name => "file-open-age";

    public string Method => "Opening a 1 GiB file in memory and checking its digest as a process of its own, all cores / age -d on the same file; wall time, the quickest of 9 runs in turns.";

    public Aim Aim => Aim.AtLeast(1.5);

    public Comparison Measure()
    {
        using var files = new AgeFiles();
        files.Seal();
        files.AgeSeal();
        (double measured, double reference) = Alternation.Highest(AgeFiles.Rounds, files.Open, files.AgeOpen);
        return new Comparison(measured, reference, "GB/s");
    }
}
