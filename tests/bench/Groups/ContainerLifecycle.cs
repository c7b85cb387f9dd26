using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;

namespace Orchestrator.Bench.Groups;

/// <summary>What a policy costs a container from its root file system to its end.</summary>
/// <param name="works">Whether the container does something.</param>
internal sealed class ContainerLifecycle(bool works) : IBenchmark
{
    private const long ScratchBytes = 64 << 20;
    private const string Sides = "under a policy of 10 containers / under one that admits everything without looking; by the clock, medians of";

    public string Name => works ? "group-container-python" : "group-container";

    public string Method => works
        ? $"The same with a container of Debian's Python that joins two tables of 60,000 patients by their numbers, {Sides} {Rounds} containers each, in turns; the median of {Pairs} such pairs of groups, each started anew."
        : $"Stack, create, run to its end, shut down and unmount a container of one static program in a sandbox, {Sides} {Rounds} containers each, in turns.";

    public Aim Aim => Aim.AtMost(works ? 1.001 : 1.01);

    private int Rounds => works ? 20 : 600;

    // Where the kernel happened to put a group's files makes as much of a difference as is to be shown.
    private int Pairs => works ? 15 : 1;

    public Comparison Measure()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(BenchLayers.Busybox) || (works && !File.Exists(Built.Python)))
        {
            throw new UnavailableException("it needs root, busybox-static and python3");
        }

        using var scratch = new Scratch(2 * ScratchBytes);
        BenchLayers layers = works ? BenchLayers.WithPython(scratch) : BenchLayers.Write(scratch);
        using SimulatedPsp psp = SimulatedPsp.Open(scratch["psp"], TimeProvider.System);
        var backEnd = new SandboxBackEnd(psp);
        Comparison[] pairs = [.. Enumerable.Range(0, Pairs).Select(_ => CompareAsync(backEnd, layers, works, ScratchBytes, Rounds).GetAwaiter().GetResult()[0])];
        Console.Error.WriteLine(string.Join(' ', pairs.Select(pair => FormattableString.Invariant($"{pair.Ratio:0.0000}"))));
        return pairs.OrderBy(pair => pair.Ratio).ElementAt(Pairs / 2);
    }

    /// <summary>Containers' lives under a policy and without, in milliseconds: of the first so many of two groups, the next so many, and so on.</summary>
    public static async Task<IReadOnlyList<Comparison>> CompareAsync(IBackEnd backEnd, BenchLayers layers, bool works, long scratch, params int[] rounds)
    {
        await using BenchGroup with = await BenchGroup.StartAsync(backEnd, layers, BenchGroup.Policy(layers), scratch);
        await using BenchGroup without = await BenchGroup.StartAsync(backEnd, layers, BenchGroup.AdmitAll(), scratch);
        if (works)
        {
            await with.MountDataAsync();
            await without.MountDataAsync();
        }

        return [.. rounds.Select(Compare)];

        Comparison Compare(int containers)
        {
            (double measured, double reference) = Alternation.Medians(containers, () => with.RunAsync(works).GetAwaiter().GetResult(), () => without.RunAsync(works).GetAwaiter().GetResult());
            return new Comparison(measured, reference, "ms");
        }
    }
}
