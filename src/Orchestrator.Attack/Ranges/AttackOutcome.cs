namespace Orchestrator.Attack.Ranges;

/// <summary>How an attack ended.</summary>
public enum Verdict
{
    /// <summary>For the right reason; nothing was delivered, nothing came out, the device is free of keys.</summary>
    Stopped,

    /// <summary>It was not stopped.</summary>
    Succeeded,

    /// <summary>It came to nothing before it did its deed, and so proves nothing.</summary>
    DidNotHappen,

    /// <summary>It ended otherwise than it must.</summary>
    OtherReason,

    /// <summary>A key or plaintext was found where the host can read.</summary>
    Leaked,

    /// <summary>The device still holds a session.</summary>
    NotScrubbed,
}

/// <summary>How an attack ended, and what showed it.</summary>
/// <param name="Card">The attack.</param>
/// <param name="Verdict">How it ended.</param>
/// <param name="Told">What the device, a party or the host said.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record AttackOutcome(AttackCard Card, Verdict Verdict, string Told, TimeSpan Elapsed);
