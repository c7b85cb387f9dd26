using System.Globalization;

namespace Orchestrator.Bench.Streams;

/// <summary>Peak memory of sealing, at two sizes of data.</summary>
internal sealed class SealMemory : IBenchmark
{
    private const int Rounds = 3;
    private const long Small = 100_000_000;
    private const long Large = 2_000_000_000;

    public string Name => "file-seal-memory";

    public string Method => "Peak resident memory of sealing 2 GB / of sealing 100 MB, each as a process of its own, all cores.";

    public Aim Aim => Aim.AtMost(1.1);

    public Comparison Measure()
    {
        using var scratch = new Scratch(Large + Small);
        string small = scratch.Sparse("small", Small);
        string large = scratch.Sparse("large", Large);
        (double measured, double reference) = Alternation.Medians(Rounds, () => Peak(large), () => Peak(small));
        return new Comparison(measured, reference, "MB");

        double Peak(string plaintext)
        {
            string output = Child.Run(Child.Self(FileWork.Seal, plaintext, scratch["sealed"], scratch["key"], scratch["digest"])).Output;
            return long.Parse(output, CultureInfo.InvariantCulture) / 1e6;
        }
    }
}
