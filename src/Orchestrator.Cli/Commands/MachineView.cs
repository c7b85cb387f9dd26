using System.Globalization;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Uvm;

namespace Orchestrator.Cli.Commands;

/// <summary>The machine that a group has to itself, as people see it.</summary>
/// <param name="Accelerator">How its processors are made.</param>
/// <param name="Memory">In MiB.</param>
/// <param name="Cores">Processor cores.</param>
/// <param name="Stages">Of its start.</param>
internal sealed record MachineView(string Accelerator, int Memory, int Cores, IReadOnlyList<MachineStageView> Stages)
{
    /// <summary>A machine on this host.</summary>
    public static MachineView Of(VirtualMachine machine) =>
        new(machine.Accelerator == Uvm.Accelerator.Kvm ? "KVM" : "emulation", machine.Plan.Memory, machine.Plan.Cores, [.. machine.Stages.Select(stage => new MachineStageView(stage.Name, stage.Reached.TotalSeconds))]);

    /// <summary>What a group runs in, in one line.</summary>
    public static string LineOf(MachineView? machine) => machine?.ToString() ?? "sandbox on this machine's kernel";

    /// <summary>Reads what a running group's shim says; null: the group is in a sandbox.</summary>
    public static MachineView? Read(CborField field) => field.ReadMap(map => map.Optional("accelerator") is { } accelerator
        ? new MachineView(accelerator.AsText(), map.Required("memory").AsInt32(), map.Required("cores").AsInt32(), [.. map.Required("stages").AsArray().Select(stage => stage.ReadMap(ReadStage))])
        : null);

    /// <summary>One line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"machine: {Accelerator}, {Memory} MiB, {Cores} core{(Cores == 1 ? "" : "s")}; {string.Join(", ", Stages.Select(stage => stage.ToString()))}");

    private static MachineStageView ReadStage(CborMapReader map) => new(map.Required("name").AsText(), map.Required("reached_ms").AsInt64(min: 0) / 1000.0);
}

/// <summary>A stage of a machine's start.</summary>
/// <param name="Name">Which.</param>
/// <param name="Seconds">Since the machine was started.</param>
internal sealed record MachineStageView(string Name, double Seconds)
{
    /// <summary>A few words.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} {Seconds:f1} s");
}
