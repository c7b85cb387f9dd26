using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>Nothing is ever admitted at an enforcement point.</summary>
internal sealed class NeverAt(string text, Scope scope, string point) : Assertion(text)
{
    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts)
    {
        IEnumerable<Way> ways = invariant.At(point).SelectMany(permit => permit switch
        {
            StartInside { Container: var entry, Process: var process } => scope.Has(entry)
                ? [new Way($"{Words.Command(process.Command)} may be started in {entry.Name}", scripts.Exec(entry, process)) { Container = entry, IsLater = true }]
                : Enumerable.Empty<Way>(),
            CreateFrom { Container: var entry } => scope.Has(entry) ? [new Way($"{entry.Name} may be created", scripts.Create(entry)) { Container = entry }] : [],
            SendSignal { Container: var entry } signal => scope.Has(entry)
                ? [new Way($"signal {signal.Signal} may be sent to {NeverSignal.Target(signal)}", scripts.Signal(signal)) { Container = entry, IsLater = true }]
                : [],
            StartBeside beside => [new Way($"{beside.Name} may be started", scripts.External(beside.Process)) { Beside = beside }],
            _ => [new Way($"{point} is admitted", Attempts(invariant, permit))],
        });
        bool opensContainers = point is "mount_device" or "mount_overlay" or "create_container" or "exec_in_container" or "signal_container_process" or "shutdown_container" or "plan9_mount";
        return ways.Concat(opensContainers ? OfFragments(invariant) : []).Concat(point == "exec_external" ? OfFragments(invariant, false, true) : []);
    }

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) => step.Request.Point == point && step.Request switch
    {
        CreateContainer create => scope.Has(invariant, step.Decision.Next, create.ContainerId),
        ExecInContainer exec => scope.Has(invariant, step.Decision.Next, exec.ContainerId),
        SignalProcess signal => scope.Has(invariant, step.Decision.Next, signal.ContainerId),
        _ => true,
    };

    private IEnumerable<Script> Attempts(GroupInvariant invariant, Permit permit)
    {
        Script[] before = permit is Unrestricted ? [] : [.. invariant.At("mount_overlay").OfType<StackLayers>().Select(stack => Stage.Stack(stack.Container))];
        return point switch
        {
            "mount_overlay" when permit is StackLayers stack => [Stage.Stack(stack.Container)],
            "plan9_mount" => before.DefaultIfEmpty(new Script([])).Select(script => script.Then(Stage.MountShare())),
            _ => GroupScripts.At(point, permit),
        };
    }
}

/// <summary>Scratch space is always encrypted.</summary>
internal sealed class NeverUnencrypted(string text) : Assertion(text)
{
    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts) =>
        from point in new[] { "scratch_mount", "rw_mount_device" }
        from permit in invariant.At(point)
        where permit is not MountScratchSpace { Unencrypted: false }
        select new Way($"{point} admits scratch space in the clear", GroupScripts.At(point, permit));

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) => step.Request is MountScratch { Encrypted: false } or MountWritableDevice { Encrypted: false };
}

/// <summary>No layer but some is mounted, or some layer never is.</summary>
/// <param name="text">As it was put.</param>
/// <param name="isGood">Whether a layer may be mounted.</param>
/// <param name="stranger">A layer that may not.</param>
/// <param name="isClosed">Whether nothing but layers may become part of a root file system either.</param>
internal sealed class LayersAre(string text, Func<string, bool> isGood, string stranger, bool isClosed) : Assertion(text)
{
    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts) => invariant.At("mount_device").SelectMany(permit => permit switch
    {
        MountLayer layer => isGood(layer.Hash) ? [] : Ways($"the layer {Words.Hash(layer.Hash)} may be mounted", layer.Hash),
        _ => Ways("mount_device admits every layer", stranger),
    }).Concat(isClosed && StacksAnything(invariant) ? [new Way("mount_overlay stacks what is no layer", GroupScripts.At("mount_overlay", new Unrestricted("mount_overlay", false)))] : []).Concat(OfFragments(invariant));

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) =>
        (step.Request is MountDevice mount && !isGood(mount.DeviceHash)) || (isClosed && step.Request is MountOverlay && StacksAnything(invariant));

    private static bool StacksAnything(GroupInvariant invariant) => invariant.At("mount_overlay").Any(permit => permit is Unrestricted);

    private static IEnumerable<Way> Ways(string words, string hash) => [new Way(words, GroupScripts.At("mount_device", new MountLayer(hash)))];
}

/// <summary>No process gets a signal.</summary>
/// <param name="text">As it was put.</param>
/// <param name="scope">Which containers.</param>
/// <param name="number">Which one; null: any.</param>
internal sealed class NeverSignal(string text, Scope scope, long? number) : Assertion(text)
{
    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts) => invariant.At("signal_container_process").SelectMany(permit => permit switch
    {
        SendSignal signal => scope.Has(signal.Container) && (number is null || number == signal.Signal)
            ? [new Way(string.Create(CultureInfo.InvariantCulture, $"signal {signal.Signal} may be sent to {Target(signal)}"), scripts.Signal(signal)) { Container = signal.Container, IsLater = true }]
            : Enumerable.Empty<Way>(),
        _ => [new Way("signal_container_process admits every request", ScriptWriter.Only(new SignalProcess(Stage.Id, number ?? 9, true, [])))],
    }).Concat(OfFragments(invariant));

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) =>
        step.Request is SignalProcess signal && (number is null || signal.Signal == number) && scope.Has(invariant, step.Decision.Next, signal.ContainerId);

    /// <summary>What a signal is sent to, for people.</summary>
    public static string Target(SendSignal signal) => signal.Process is { } process ? $"{Words.Command(process.Command)} in {signal.Container.Name}" : signal.Container.Name;
}

/// <summary>Several claims at once.</summary>
internal sealed class AllOf(string text, ImmutableArray<Assertion> claims) : Assertion(text)
{
    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts) => claims.SelectMany(claim => claim.Ways(invariant, scripts));

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) => claims.Any(claim => claim.IsBrokenBy(invariant, step));

    public override IEnumerable<string> Remarks(GroupInvariant invariant) => claims.SelectMany(claim => claim.Remarks(invariant)).Distinct();
}
