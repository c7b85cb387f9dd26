using System.Diagnostics;
using System.Text;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs;

namespace Orchestrator.Bench.Policies;

/// <summary>What a proof costs beside reading the policy.</summary>
internal sealed class PolicyProofs : IBenchmark
{
    private const int Containers = 100;

    public string Name => "policy-proof-100";

    public string Method => "checking the induction and answering three claims about a policy of 100 containers / a second.";

    public Aim Aim => Aim.AtMost(2);

    public Comparison Measure()
    {
        byte[] text = Encoding.UTF8.GetBytes(BenchPolicy.Text(Containers));
        (double measured, double reference) = Alternation.Medians(3, () => Seconds(text), () => 1);
        return new Comparison(measured, reference, "s");
    }

    private static double Seconds(byte[] text)
    {
        long start = Stopwatch.GetTimestamp();
        var prover = new Prover(PolicyReader.Read(text), GuestEnvironment.Default);
        prover.Check();
        foreach (string claim in new[] { "never exec /bin/sh", "stdout stays inside", "never env LD_PRELOAD" })
        {
            if (prover.Ask(claim).Verdict != Verdict.Holds)
            {
                throw new InvalidOperationException($"\"{claim}\" does not hold.");
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
