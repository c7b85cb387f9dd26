namespace Orchestrator.Attack.Guests;

/// <summary>One thing that a hostile host does to a container group.</summary>
public sealed class GuestAttack
{
    internal GuestAttack(AttackCard card, Func<GuestScene, Task> mount)
    {
        Card = card;
        Mount = mount;
    }

    /// <summary>What it is.</summary>
    public AttackCard Card { get; }

    /// <summary>Does it: honest steps first, then <see cref="GuestScene.StrikeAsync"/> or <see cref="GuestScene.Judge"/>.</summary>
    internal Func<GuestScene, Task> Mount { get; }

    /// <summary>What it is where groups have machines of their own; null: the same.</summary>
    public AttackCard? MachineCard { get; init; }

    /// <summary>What it is on one back end or the other.</summary>
    public AttackCard CardFor(bool machine) => machine && MachineCard is not null ? MachineCard : Card;
}
