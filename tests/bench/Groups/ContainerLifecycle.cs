using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;

namespace Orchestrator.Bench.Groups;

/// <summary>What a policy costs a container from its root file system to its end.</summary>
internal sealed class ContainerLifecycle : IBenchmark
{
    private const long ScratchBytes = 64 << 20;
    private const int Rounds = 600;

    public string Name => "group-container";

    public string Method => "Stack, create, run to its end, shut down and unmount a container of one static program in a sandbox, under a policy of 10 containers / under one that admits everything without looking; by the clock, medians of 600 containers each, in turns.";

    public Aim Aim => Aim.AtMost(1.01);

    public Comparison Measure()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(BenchLayers.Busybox))
        {
            throw new UnavailableException("it needs root and busybox-static");
        }

        using var scratch = new Scratch(ScratchBytes);
        BenchLayers layers = BenchLayers.Write(scratch, withData: false);
        using SimulatedPsp psp = SimulatedPsp.Open(scratch["psp"], TimeProvider.System);
        return CompareAsync(new SandboxBackEnd(psp), layers, ScratchBytes, Rounds).GetAwaiter().GetResult();
    }

    /// <summary>Containers' lives under a policy and without, in milliseconds.</summary>
    public static async Task<Comparison> CompareAsync(IBackEnd backEnd, BenchLayers layers, long scratch, int rounds)
    {
        await using BenchGroup with = await BenchGroup.StartAsync(backEnd, layers, BenchGroup.Policy(layers), scratch);
        await using BenchGroup without = await BenchGroup.StartAsync(backEnd, layers, BenchGroup.AdmitAll(), scratch);
        (double measured, double reference) = Alternation.Medians(rounds, () => with.RunAsync().GetAwaiter().GetResult(), () => without.RunAsync().GetAwaiter().GetResult());
        return new Comparison(measured, reference, "ms");
    }
}
