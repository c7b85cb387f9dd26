namespace Orchestrator.Attack;

/// <summary>The host does as it should.</summary>
public sealed class Honesty() : Attack(new AttackCard("none", "does as it should", SecurityProperty.Integrity, Watcher.Device, string.Empty));
