using System.Diagnostics;
using Orchestrator.Attack.Ranges;
using Orchestrator.Errors;
using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Uvm;

namespace Orchestrator.Attack.Guests;

/// <summary>Throw-away container groups on this machine, under a real agent in real sandboxes, which takes root, or in virtual machines, to mount attacks on.</summary>
public sealed class GuestRange : IAsyncDisposable
{
    private static readonly string[] s_demonstrated =
    [
        "swap-layer", "corrupt-layer-after-mount", "reorder-layers", "change-command", "add-environment", "add-mount", "inject-exec", "open-stdout",
        "replace-policy", "foreign-policy", "substitute-fragment", "forge-group-report", "report-of-another-group",
    ];

    private readonly string _devices;
    private readonly GuestLayers _layers;
    private readonly SimulatedPsp _psp;
    private readonly GuestPublisher _publisher = new(TimeProvider.System.GetUtcNow());
    private readonly IBackEnd _backEnd;
    private readonly StartedGroups _started = new();

    /// <summary>Makes layers and a processor in a folder.</summary>
    /// <param name="folder">For all that the attacks leave.</param>
    /// <param name="uvm">Folder of a utility VM's image: groups get machines. Null: they run in sandboxes.</param>
    /// <exception cref="OrchestratorException"><see cref="AttackErrors.ProgramMissing"/>, or a code of <see cref="UvmErrors"/>.</exception>
    public GuestRange(string folder, string? uvm = null)
    {
        _devices = Path.Combine(folder, "devices");
        _layers = GuestLayers.Make(_devices);
        _psp = SimulatedPsp.Open(Path.Combine(folder, "psp"), TimeProvider.System);
        _backEnd = GuestBackEnds.Open(_psp, new GuestSource(uvm), TimeProvider.System);
    }

    /// <summary>All attacks on groups.</summary>
    public static IReadOnlyList<GuestAttack> All { get; } = [.. LayerAttacks.All(), .. ContainerAttacks.All(), .. ProcessAttacks.All(), .. PolicyAttacks.All(), .. ReportAttacks.All()];

    /// <summary>Those that the demonstration mounts.</summary>
    public static IReadOnlyList<GuestAttack> Demonstrated { get; } = [.. s_demonstrated.Select(name => All.Single(attack => attack.Card.Name == name))];

    /// <summary>Mounts one attack, on a fresh sandbox, or on a machine in which every attack until now was refused and has changed nothing.</summary>
    public async Task<AttackOutcome> RunAsync(GuestAttack attack)
    {
        ArgumentNullException.ThrowIfNull(attack);
        var watch = Stopwatch.StartNew();
        await using var scene = new GuestScene(_layers, _devices, _psp, _publisher, _backEnd, _started);
        AttackCard card = attack.CardFor(scene.HasMachine);
        try
        {
            await attack.Mount(scene);
            return new AttackOutcome(card, scene.Happened ? Verdict.Succeeded : Verdict.DidNotHappen, "nothing", watch.Elapsed);
        }
        catch (OrchestratorException refusal)
        {
            Verdict verdict = VerdictOn(card, scene, refusal);
            if (scene.HasMachine && verdict == Verdict.Stopped)
            {
                await scene.LeaveAsync();
            }

            return new AttackOutcome(card, verdict, Told(card, refusal), watch.Elapsed);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _started.DisposeAsync();
        _publisher.Dispose();
        _psp.Dispose();
    }

    // The code that is expected stands beside it.
    private static string Told(AttackCard card, OrchestratorException refusal) => refusal.Code.Id == card.Code ? refusal.Message : $"{refusal.Code}: {refusal.Message}";

    private static Verdict VerdictOn(AttackCard card, GuestScene scene, OrchestratorException refusal) =>
        !scene.Happened ? Verdict.DidNotHappen
        : scene.LeftTraces ? Verdict.Succeeded
        : refusal.Code.Id == card.Code && refusal.Message.Contains(card.Denial, StringComparison.Ordinal) ? Verdict.Stopped
        : Verdict.OtherReason;
}
