using Orchestrator.Errors;

namespace Orchestrator.Attack;

/// <summary>Ways in which mounting attacks fails.</summary>
public static class AttackErrors
{
    /// <summary>No attack of that name.</summary>
    public static readonly ErrorCode Unknown = new("attack-unknown", ErrorClass.Usage, "There is no attack of this name.", "`orchestrator attack --list` prints the names.");

    /// <summary>An honest job fails.</summary>
    public static readonly ErrorCode ControlFailed = new("attack-control-failed", ErrorClass.JobFailed, "An honest job on the attacked machine failed, so the attacks prove nothing.", "Run it again with --folder and look at the logs there.");

    /// <summary>An attack succeeded.</summary>
    public static readonly ErrorCode NotStopped = new("attack-not-stopped", ErrorClass.Integrity, "An attack was not stopped, or did not happen.", "See the table; an attack that succeeds is a defect, report it.");


    /// <summary>What attacked groups run is not there.</summary>
    public static readonly ErrorCode ProgramMissing = new("attack-program-missing", ErrorClass.Unavailable, "The program that attacked groups run is not installed.", "Run eng/setup.sh, or install Debian's package busybox-static.");
}
