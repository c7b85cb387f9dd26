namespace Orchestrator.Bench.Memory;

/// <summary>Peak memory of one program, at two sizes of data.</summary>
internal sealed class FlatMemory(string what, string program, JobPeaks peaks) : IBenchmark
{
    public string Name => $"memory-{what}";

    public string Method =>
        $"Peak resident memory of `{program}` in a job of one epoch on 2 GB / on 100 MB: sealing a .npy file by the command, upload to a fresh host, training on a fresh device.";

    public Aim Aim => Aim.AtMost(1.1);

    public Comparison Measure() => peaks.Of(program);
}
