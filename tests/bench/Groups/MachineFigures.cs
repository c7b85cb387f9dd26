using Orchestrator.Errors;
using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Uvm;

namespace Orchestrator.Bench.Groups;

/// <summary>What groups take in a virtual machine of their own, and the same in a sandbox. Runs once, when the first figure is asked for.</summary>
internal sealed class MachineFigures
{
    private const long ScratchBytes = 192 << 20;
    private const int Starts = 3;
    private const int Containers = 15;
    private const int LaterContainers = 45;
    private const string Image = "artifacts/uvm";

    private readonly Lazy<(Figures Machine, Figures Sandbox, IReadOnlyList<Comparison> Policy)> _measured = new(Measure);

    /// <summary>Seconds of a start, bytes a second from a layer and to scratch, milliseconds of a container's life.</summary>
    internal sealed record Figures(double Launch, double Layer, double Scratch, double Container);

    public Comparison Of(Func<Figures, double> figure, string unit) => new(figure(_measured.Value.Machine), figure(_measured.Value.Sandbox), unit);

    /// <summary>A start, against what it may take.</summary>
    public Comparison Start(double limit) => new(_measured.Value.Machine.Launch, limit, "s");

    /// <summary>Containers in machines under a policy, and without: the first of two machines, and later ones of the same.</summary>
    public IReadOnlyList<Comparison> Policy => _measured.Value.Policy;

    private static (Figures Machine, Figures Sandbox, IReadOnlyList<Comparison> Policy) Measure()
    {
        try
        {
            return MeasureAsync(OpenImage()).GetAwaiter().GetResult();
        }
        catch (OrchestratorException e)
        {
            throw new UnavailableException($"{e.Code}: {e.Message}");
        }
    }

    private static async Task<(Figures Machine, Figures Sandbox, IReadOnlyList<Comparison> Policy)> MeasureAsync(UvmImage image)
    {
        using var scratch = new Scratch(2 * (ScratchBytes + (3 * BenchLayers.DataSize)));
        BenchLayers layers = BenchLayers.WithFile(scratch);
        using SimulatedPsp psp = SimulatedPsp.Open(scratch["psp"], TimeProvider.System);
        var machines = new MachineBackEnd(psp, image, ScratchBytes, TimeProvider.System);
        Figures machine = await MeasureAsync(machines, layers);
        Figures sandbox = await MeasureAsync(new SandboxBackEnd(psp), layers);
        return (machine, sandbox, await ContainerLifecycle.CompareAsync(machines, layers, works: false, ScratchBytes, Containers, LaterContainers));
    }

    // The quickest of a few starts; what was read and written once is in caches.
    private static async Task<Figures> MeasureAsync(IBackEnd backEnd, BenchLayers layers)
    {
        byte[] policy = BenchGroup.Policy(layers);
        var launches = new List<double>();
        for (int i = 1; i < Starts; i++)
        {
            await using BenchGroup started = await BenchGroup.StartAsync(backEnd, layers, policy, ScratchBytes);
            launches.Add(started.Launch);
        }

        await using BenchGroup group = await BenchGroup.StartAsync(backEnd, layers, policy, ScratchBytes);
        launches.Add(group.Launch);
        Note(group.Guest.Machine);
        double layer = await group.ReadLayerAsync();
        double scratch = await group.FillScratchAsync();
        var containers = new List<double>();
        for (int i = 0; i < Containers; i++)
        {
            containers.Add(await group.RunAsync(works: false));
        }

        return new Figures(launches.Min(), layer, scratch, containers.Order().ElementAt(Containers / 2));
    }

    private static void Note(VirtualMachine? machine)
    {
        if (machine is not null)
        {
            string stages = string.Join(", ", machine.Stages.Select(stage => FormattableString.Invariant($"{stage.Name} {stage.Reached.TotalSeconds:0.0} s")));
            Console.Error.WriteLine($"{(machine.Accelerator == Accelerator.Kvm ? "KVM" : "emulation")}, {machine.Plan.Memory} MiB, {machine.Plan.Cores} cores; {stages}");
        }
    }

    private static UvmImage OpenImage()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(BenchLayers.Busybox))
        {
            throw new UnavailableException("it needs root and busybox-static");
        }

        if (!File.Exists("/usr/bin/qemu-system-x86_64") || !Directory.Exists("artifacts/uvm-packages"))
        {
            throw new UnavailableException("QEMU or the utility VM's kernel is missing: run eng/setup.sh uvm");
        }

        try
        {
            // An image of other sources would be measured unnoticed.
            Child.Run("eng/build-uvm.sh", Image);
            return UvmImage.Open(Image);
        }
        catch (InvalidOperationException e)
        {
            throw new UnavailableException(e.Message);
        }
    }
}
