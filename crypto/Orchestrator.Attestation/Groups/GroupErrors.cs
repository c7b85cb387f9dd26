using Orchestrator.Errors;

namespace Orchestrator.Attestation.Groups;

/// <summary>Ways in which the evidence of a container group fails, or does not suit a party; what its report itself can lack is in <see cref="Snp.SnpErrors"/> and <see cref="Snp.SnpPolicyErrors"/>.</summary>
public static class GroupErrors
{
    private const string AskHost = "Let the host start the stage again; if it comes again, release nothing through it.";

    /// <summary>Not the evidence of a group.</summary>
    public static readonly ErrorCode EvidenceMalformed = new("group-evidence-malformed", ErrorClass.Input, "The group's evidence cannot be understood.", AskHost);

    /// <summary>The report does not speak of what stands beside it.</summary>
    public static readonly ErrorCode Unbound = new("group-evidence-unbound", ErrorClass.Integrity, "The group's report is not about the keys and nonces that are said to be the group's.", AskHost);

    /// <summary>A group that works for another job.</summary>
    public static readonly ErrorCode Manifest = new("group-manifest", ErrorClass.Refused, "The group works for another job, or for none.", AskHost);

    /// <summary>Evidence that this party did not ask for.</summary>
    public static readonly ErrorCode Nonce = new("group-nonce", ErrorClass.Refused, "The group's evidence does not hold this party's nonce: it may be replayed.", AskHost);

    /// <summary>The policy says nothing of groups.</summary>
    public static readonly ErrorCode NotTrusted = new("group-not-trusted", ErrorClass.Refused, "The policy accepts no container groups.", "Add a section snp to the policy once you know which processors and images you trust.");
}
