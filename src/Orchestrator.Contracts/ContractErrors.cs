using Orchestrator.Errors;

namespace Orchestrator.Contracts;

/// <summary>Ways in which a signed object of a job fails.</summary>
public static class ContractErrors
{
    private const string AskProposer = "Ask the proposer for a corrected job; what was signed cannot be repaired.";

    /// <summary>The manifest's parts contradict each other.</summary>
    public static readonly ErrorCode ManifestInvalid = new("manifest-invalid", ErrorClass.Input, "The manifest breaks a rule of docs/spec/manifest.md.", AskProposer);

    /// <summary>The job does not fit the tiles.</summary>
    public static readonly ErrorCode MemoryExceeded = new("job-memory-exceeded", ErrorClass.Refused, "The job needs more tile memory than there is.", "Use smaller frames, batches or programs, or reserve less workspace.");

    /// <summary>An approval is not one.</summary>
    public static readonly ErrorCode ApprovalInvalid = new("approval-invalid", ErrorClass.Integrity, "The approval is malformed, or its signature is not by the party's key in the manifest.", "Approve the job again with that party's own key store.");

    /// <summary>An approval of another manifest.</summary>
    public static readonly ErrorCode ApprovalOtherManifest = new("approval-other-manifest", ErrorClass.Integrity, "The approval is for another manifest.", "Review this manifest and approve it itself; somebody may have altered it after it was approved.");

    /// <summary>An approval by somebody else.</summary>
    public static readonly ErrorCode ApprovalStranger = new("approval-stranger", ErrorClass.Refused, "The approval is by a party that the manifest does not name.", "Ask the proposer to name the party in a new manifest.");

    /// <summary>Not all have approved.</summary>
    public static readonly ErrorCode ApprovalMissing = new("approval-missing", ErrorClass.Integrity, "A party of the manifest has not approved it.", "Wait until every party has approved.");

    /// <summary>A withdrawal is not one.</summary>
    public static readonly ErrorCode WithdrawalInvalid = new("withdrawal-invalid", ErrorClass.Integrity, "The withdrawal is malformed, of another job, or its signature is not by the party's key in the manifest.", "Withdraw with that party's own key store.");

    /// <summary>A key package that does not open, or is not by its party.</summary>
    public static readonly ErrorCode KeyPackageInvalid = new("key-package-invalid", ErrorClass.Integrity, "The key package does not open in this session, or its signature is not by the party's key in the manifest.", "Let the party's agent answer this session's quote itself; somebody may have altered or replayed its package.");

    /// <summary>A key package with other keys than those of the party's streams.</summary>
    public static readonly ErrorCode KeyPackageKeys = new("key-package-keys", ErrorClass.Refused, "The key package does not hold exactly the keys of the streams that the party owns.", "Let the party's agent answer with the keys of its own streams.");

    /// <summary>Something else in a checkpoint's place.</summary>
    public static readonly ErrorCode CheckpointForeign = new("checkpoint-foreign", ErrorClass.Integrity, "What was offered is no checkpoint of this job.", "Let the host resume from a checkpoint that a device wrote for this very manifest.");

    /// <summary>A statement that is not by the session's device.</summary>
    public static readonly ErrorCode CheckpointStatementInvalid = new("checkpoint-statement-invalid", ErrorClass.Integrity, "The statement of a checkpoint is malformed, or not by the device of the session that it is said to be of.", "Nothing has to be done: what was remembered before stays. If it comes again, the host or the network alters messages.");

    /// <summary>A receipt that is not one.</summary>
    public static readonly ErrorCode ReceiptInvalid = new("receipt-invalid", ErrorClass.Integrity, "The receipt is malformed, contradicts itself, or its signature is not by the attested device.", "Fetch the receipt again from the host; if it stays so, do not trust the result.");

    /// <summary>A sealed output that is not the receipt's.</summary>
    public static readonly ErrorCode ReceiptOutput = new("receipt-output-mismatch", ErrorClass.Integrity, "The output is not the one that the receipt speaks of.", "Fetch the output again; if it stays so, the host or the storage has replaced it.");

    /// <summary>An output that is sealed to others.</summary>
    public static readonly ErrorCode OutputNotYours = new("output-not-yours", ErrorClass.Refused, "The output is not sealed to this party's key.", "Only the receivers that the manifest names can open an output.");
}
