namespace Orchestrator.Bench.Groups;

/// <summary>Seconds from nothing to the agent's first answer, against what a start may take.</summary>
internal sealed class MachineBoot(MachineFigures figures) : IBenchmark
{
    // Under emulation on two cores; with KVM it is far less.
    private const double Limit = 8;

    public string Name => "vm-boot";

    public string Method => "Start of a utility VM of 1 GiB and 2 cores to its agent's first answer, the quickest of 3 / 8 seconds; standard error has its stages.";

    public Aim Aim => Aim.AtMost(1);

    public Comparison Measure() => figures.Start(Limit);
}

/// <summary>One thing that groups do, in a utility VM and in a sandbox. No aims are set for these: what is written here only shows when they get far worse.</summary>
internal sealed class MachineVersusSandbox : IBenchmark
{
    private readonly MachineFigures _figures;
    private readonly Func<MachineFigures.Figures, double> _figure;
    private readonly string _unit;

    private MachineVersusSandbox(MachineFigures figures, string name, string method, Aim aim, Func<MachineFigures.Figures, double> figure, string unit)
    {
        _figures = figures;
        _figure = figure;
        _unit = unit;
        Name = name;
        Method = method;
        Aim = aim;
    }

    public string Name { get; }

    public string Method { get; }

    public Aim Aim { get; }

    public static IEnumerable<IBenchmark> All(MachineFigures figures) =>
    [
        new MachineVersusSandbox(figures, "vm-launch", "Launch of a group to its agent's first answer in a utility VM / in a sandbox; the quickest of 3 each.", Aim.AtMost(30), found => found.Launch, "s"),
        new MachineVersusSandbox(
            figures, "vm-layer-read", "Reading a file of 64 MiB of a layer in a container, once, the layer's mount included: in a utility VM through the guest kernel's dm-verity / in a sandbox, which checks and copies it while mounting.", Aim.AtLeast(0.01), found => found.Layer / 1e6, "MB/s"),
        new MachineVersusSandbox(
            figures, "vm-scratch", "Writing 64 MiB to a container's root file system and fsync: in a utility VM to a disk under dm-crypt and dm-integrity / in a sandbox to memory.", Aim.AtLeast(0.002), found => found.Scratch / 1e6, "MB/s"),
        new MachineVersusSandbox(
            figures, "vm-container", "Stack, create, run to its end, shut down and unmount a container of one static program in a utility VM / in a sandbox; medians of 15.", Aim.AtMost(100), found => found.Container, "ms"),
    ];

    public Comparison Measure() => _figures.Of(_figure, _unit);
}

/// <summary>What a policy costs a container in a utility VM.</summary>
internal sealed class MachinePolicy : IBenchmark
{
    private readonly MachineFigures _figures;
    private readonly int _part;

    private MachinePolicy(MachineFigures figures, string name, string method, int part)
    {
        _figures = figures;
        _part = part;
        Name = name;
        Method = method;
    }

    public string Name { get; }

    public string Method { get; }

    public Aim Aim => Aim.AtMost(1.01);

    public static IEnumerable<IBenchmark> All(MachineFigures figures) =>
    [
        new MachinePolicy(figures, "vm-policy", "As group-container, in two utility VMs: under a policy of 10 containers / under one that admits everything without looking; medians of their first 15 containers each, in turns.", 0),
        new MachinePolicy(figures, "vm-policy-later", "The same, of their next 45.", 1),
    ];

    public Comparison Measure() => _figures.Policy[_part];
}
