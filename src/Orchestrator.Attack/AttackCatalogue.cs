using Orchestrator.Attack.Attacks;
using Orchestrator.Attack.Guests;

namespace Orchestrator.Attack;

/// <summary>All attacks there are.</summary>
public static class AttackCatalogue
{
    // The demonstration has no accomplice, and no hand in its host's storage.
    private static readonly string[] s_demonstrated =
    [
        "flip-bit", "truncate-frame", "swap-frames", "replay-frame", "truncate-stream", "swap-streams", "alter-manifest", "forge-approval", "replay-quote",
        "foreign-root", "debug", "stale-firmware", "revoked",
    ];

    /// <summary>What there is to know of each.</summary>
    public static IReadOnlyList<AttackCard> Cards { get; } = [.. All(new AttackMaterial()).Select(attack => attack.Card), .. GuestRange.All.Select(attack => attack.Card)];

    /// <summary>A fresh instance of each that is mounted on a job, for one run each; those on container groups are <see cref="GuestRange.All"/>.</summary>
    /// <param name="material">What they are made of.</param>
    public static IReadOnlyList<Attack> All(AttackMaterial material) =>
    [
        .. FrameAttacks.All(material),
        .. RegionAttacks.All(material.Earlier),
        .. StreamAttacks.All(material),
        .. ManifestAttacks.All(material),
        .. ApprovalAttacks.All(material),
        .. QuoteAttacks.All(material),
        .. KeyPackageAttacks.All(material),
        .. SessionAttacks.All(material),
        .. CheckpointAttacks.All(material),
        .. WithdrawalAttacks.All(material),
        .. ResultAttacks.All(material),
        .. HostAttacks.All(material),
        .. StageAttacks.All(material),
    ];

    /// <summary>A fresh instance of those that the demonstration mounts.</summary>
    public static IReadOnlyList<Attack> Demonstrated(AttackMaterial material)
    {
        ILookup<string, Attack> all = All(material).ToLookup(attack => attack.Card.Name);
        return [.. s_demonstrated.Select(name => all[name].Single())];
    }
}
