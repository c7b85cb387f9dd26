using Orchestrator.Attestation;
using Orchestrator.Errors;
using Orchestrator.Psp;
using Orchestrator.Shim.Groups;
using Orchestrator.Uvm;

namespace Orchestrator.Shim.BackEnds;

/// <summary>The choice between namespaces and virtual machines.</summary>
public static class GuestBackEnds
{
    /// <summary>A way to run guests.</summary>
    /// <param name="psp">Launches them, and speaks for them.</param>
    /// <param name="uvm">Folder of a utility VM's image: each guest gets a machine of its own. Null: they run in sandboxes.</param>
    /// <param name="time">The host's clock.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="UvmErrors"/> or of storage.</exception>
    public static IBackEnd Open(SimulatedPsp psp, string? uvm, TimeProvider time) =>
        uvm is null ? new SandboxBackEnd(psp) : new MachineBackEnd(psp, UvmImage.Open(uvm), new MachinePlan { Scratch = RunningGroup.ScratchBytes }, time);

    /// <summary>What its guests measure, for parties to accept.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.NotStarted"/>, or a code of <see cref="UvmErrors"/> or of storage.</exception>
    public static Measurement Measure(string? uvm) => uvm is null ? SandboxBackEnd.MeasureAgent() : UvmImage.Open(uvm).Measurement;
}
