using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Bench.Policies;

/// <summary>Reading a policy's text, against reading the same containers as mere JSON.</summary>
internal sealed class PolicyParsing(int containers) : IBenchmark
{
    public string Name => string.Create(CultureInfo.InvariantCulture, $"policy-parse-{containers}");

    public string Method => string.Create(CultureInfo.InvariantCulture, $"reading and checking a policy of {containers} container{(containers == 1 ? "" : "s")}, its patterns compiled / JsonDocument.Parse of its containers alone; one core, bytes of text a second.");

    public Aim Aim => Aim.AtLeast(0.03);

    public Comparison Measure()
    {
        byte[] text = Encoding.UTF8.GetBytes(BenchPolicy.Text(containers));
        byte[] json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text).Split('\n').Single(line => line.StartsWith("containers := ", StringComparison.Ordinal))["containers := ".Length..]);
        (double measured, double reference) = Alternation.Medians(9, () => Rate(text, () => PolicyReader.Read(text)), () => Rate(json, () => JsonDocument.Parse(json).Dispose()));
        return new Comparison(measured, reference, "MB/s");
    }

    // As often as takes a while.
    private static double Rate(byte[] text, Action read)
    {
        int repetitions = Math.Max(3, 2_000_000 / text.Length);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            read();
        }

        return (double)repetitions * text.Length / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6;
    }
}
