namespace Orchestrator.Attack;

/// <summary>What an attack would break if it succeeded.</summary>
public enum SecurityProperty
{
    /// <summary>What arrives is what was sealed or signed, whole and in order.</summary>
    Integrity,

    /// <summary>What arrives was made for this session.</summary>
    Freshness,

    /// <summary>What arrives belongs to this job, party and device.</summary>
    Binding,

    /// <summary>What runs in a group is what its execution policy admits.</summary>
    Containment,

    /// <summary>Keys, data and results are seen by those alone whom the parties named.</summary>
    Confidentiality,

    /// <summary>What has happened cannot be undone by going back to an earlier state.</summary>
    Rollback,

    /// <summary>What is released once is used once.</summary>
    Fork,
}

/// <summary>Who must notice an attack.</summary>
public enum Watcher
{
    /// <summary>The device: its mailbox, its encryption unit, its ingress tile.</summary>
    Device,

    /// <summary>The parties' release agents.</summary>
    Agents,

    /// <summary>A container group itself: the guest agent, and its part in a prepare stage.</summary>
    Group,

    /// <summary>A party that reviews a job or talks to the host.</summary>
    Party,

    /// <summary>The party that receives the result.</summary>
    Receiver,

    /// <summary>The host program, against whoever can write to its state folder.</summary>
    Host,
}

/// <summary>What everybody may know of an attack; docs/attacks.md is the table of them.</summary>
/// <param name="Name">Names it on the command line, e.g. <c>swap-frames</c>.</param>
/// <param name="Deed">What the host does, after the words "the host".</param>
/// <param name="Tests">What it would break.</param>
/// <param name="NoticedBy">Who must notice.</param>
/// <param name="Code">The error code with which it must end.</param>
public sealed record AttackCard(string Name, string Deed, SecurityProperty Tests, Watcher NoticedBy, string Code)
{
    /// <summary>What the execution policy's denial has to say, in the published framework's words; empty where it is no such denial.</summary>
    public string Denial { get; init; } = "";

    /// <summary>The code, and what the denial has to say.</summary>
    public string Ending => Denial.Length == 0 ? Code : $"{Code}: {Denial}";
}
