using System.Diagnostics;
using Orchestrator.Attack.Ranges;
using Orchestrator.Errors;
using Orchestrator.Psp;

namespace Orchestrator.Attack.Guests;

/// <summary>Throw-away container groups on this machine, in a real sandbox under a real agent, to mount attacks on. Needs root.</summary>
public sealed class GuestRange : IDisposable
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

    /// <summary>Makes layers and a processor in a folder.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttackErrors.ProgramMissing"/>.</exception>
    public GuestRange(string folder)
    {
        _devices = Path.Combine(folder, "devices");
        _layers = GuestLayers.Make(_devices);
        _psp = SimulatedPsp.Open(Path.Combine(folder, "psp"), TimeProvider.System);
    }

    /// <summary>All attacks on groups.</summary>
    public static IReadOnlyList<GuestAttack> All { get; } = [.. LayerAttacks.All(), .. ContainerAttacks.All(), .. ProcessAttacks.All(), .. PolicyAttacks.All(), .. ReportAttacks.All()];

    /// <summary>Those that the demonstration mounts.</summary>
    public static IReadOnlyList<GuestAttack> Demonstrated { get; } = [.. s_demonstrated.Select(name => All.Single(attack => attack.Card.Name == name))];

    /// <summary>Mounts one attack on a fresh group.</summary>
    public async Task<AttackOutcome> RunAsync(GuestAttack attack)
    {
        ArgumentNullException.ThrowIfNull(attack);
        var watch = Stopwatch.StartNew();
        await using var scene = new GuestScene(_layers, _devices, _psp, _publisher);
        try
        {
            await attack.Mount(scene);
            return new AttackOutcome(attack.Card, scene.Happened ? Verdict.Succeeded : Verdict.DidNotHappen, "nothing", watch.Elapsed);
        }
        catch (OrchestratorException refusal)
        {
            return new AttackOutcome(attack.Card, VerdictOn(attack.Card, scene, refusal), Told(attack.Card, refusal), watch.Elapsed);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
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
