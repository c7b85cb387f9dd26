using Orchestrator.Errors;

namespace Orchestrator.Host;

/// <summary>Every way in which the host fails a call, a job or its own start.</summary>
public static class HostErrors
{
    // The host process.
    public static readonly ErrorCode StateInUse = new("host-state-in-use", ErrorClass.Conflict, "Another process holds the host's state folder.", "End the other host, or give this one its own --state folder.");
    public static readonly ErrorCode StateNewer = new("host-state-newer", ErrorClass.Storage, "A later version wrote the host's state.", "Run that version or a later one.");
    public static readonly ErrorCode StateUnusable = new("host-state-unusable", ErrorClass.Storage, "The host's state folder cannot be created, read or written.", "Check the path's owner and permissions.");
    public static readonly ErrorCode ListenFailed = new("host-listen-failed", ErrorClass.Unavailable, "The host cannot listen on the address it was given.", "Choose an address of this machine and a port that is free; port 0 takes any.");
    public static readonly ErrorCode AuditBroken = new("host-audit-broken", ErrorClass.Integrity, "The audit log is not the one that this host wrote.", "Restore the state folder from a backup, and find out who changed it.");

    // Authentication.
    public static readonly ErrorCode LoginRequired = new("auth-login-required", ErrorClass.Refused, "The call carries no valid token.", "Log in, and send the token as `authorization: Bearer <token>`.");
    public static readonly ErrorCode LoginFailed = new("auth-login-failed", ErrorClass.Refused, "The login does not prove possession of the party's key to this host.", "Fetch a new challenge, and sign it with the party's key and the certificate of the host that issued it.");

    // Parties.
    public static readonly ErrorCode PartyInvalid = new("party-identity-invalid", ErrorClass.Input, "The party's name or keys are not well formed.", "Names have 1 to 64 lower-case letters, digits, dots, hyphens or underscores and begin with a letter or digit; keys have 32 bytes.");
    public static readonly ErrorCode PartyProofInvalid = new("party-proof-invalid", ErrorClass.Refused, "The registration does not prove possession of the signing key to this host.", "Sign it with the key it registers and this host's certificate.");
    public static readonly ErrorCode PartyNameTaken = new("party-name-taken", ErrorClass.Conflict, "The name is registered with other keys.", "Choose another name, or use the keys that were registered first.");
    public static readonly ErrorCode PartyNotFound = new("party-not-found", ErrorClass.NotFound, "No party of this name is registered at this host.", "Check the name, or ask the party to register.");
    public static readonly ErrorCode PartyLimit = new("party-limit", ErrorClass.Storage, "The host takes no more registrations.", "Ask the host's operator.");

    // Objects.
    public static readonly ErrorCode ObjectNotFound = new("object-not-found", ErrorClass.NotFound, "No such object, or not one that the caller may read.", "Check the digest; the owner has to upload the object first.");
    public static readonly ErrorCode ObjectRequestInvalid = new("object-request-invalid", ErrorClass.Input, "The upload or download request is not well formed.", "Send digest (32 bytes), size and offset in the first message, at most 1 MiB of data in each, and as many bytes as announced.");
    public static readonly ErrorCode ObjectTooLarge = new("object-too-large", ErrorClass.Storage, "The object is larger than the host takes.", "Split the data, or ask the host's operator for a larger --maximum-object.");
    public static readonly ErrorCode ObjectQuota = new("object-quota", ErrorClass.Storage, "The party's objects would take more space than the host grants a party.", "Ask the host's operator for a larger --quota.");
    public static readonly ErrorCode UploadLimit = new("object-upload-limit", ErrorClass.Conflict, "The party has begun as many uploads that it has not finished as the host keeps for a party.", "Finish one of them; the host forgets what was not continued for 30 days.");
    public static readonly ErrorCode ObjectOffset = new("object-offset-mismatch", ErrorClass.Conflict, "The upload does not continue where the host's copy ends.", "Ask for the object's state, and continue from the bytes received.");
    public static readonly ErrorCode ObjectBusy = new("object-busy", ErrorClass.Conflict, "Another call of the same party is uploading this object.", "Wait until it has ended.");
    public static readonly ErrorCode ObjectDigest = new("object-digest-mismatch", ErrorClass.Integrity, "The bytes uploaded do not have the digest announced; the host dropped them.", "Verify the file, and upload it again.");

    // Jobs.
    public static readonly ErrorCode JobNotFound = new("job-not-found", ErrorClass.NotFound, "No such job, or none that names the caller.", "Check the job's digest and which party you are logged in as.");
    public static readonly ErrorCode JobExists = new("job-exists", ErrorClass.Conflict, "This very manifest was proposed before.", "Follow the existing job, or change the manifest's serial to run it again.");
    public static readonly ErrorCode JobLimit = new("job-limit", ErrorClass.Conflict, "The party has proposed as many jobs that have not ended as the host grants a party.", "Wait until one ends, or cancel one; or ask the host's operator for a larger --open-jobs.");
    public static readonly ErrorCode JobQuota = new("job-quota", ErrorClass.Storage, "The manifests that the party proposed would take more space than the host grants a party.", "Ask the host's operator for a larger --manifest-quota.");
    public static readonly ErrorCode JobPartyKeys = new("job-party-keys", ErrorClass.Conflict, "The manifest gives a party other keys than that party registered here.", "Take the keys from the party's registration.");
    public static readonly ErrorCode JobApprovalForeign = new("job-approval-foreign", ErrorClass.Refused, "The approval is not by the party that sent it, or not by a party that the manifest names.", "Approve with the key of a party that the manifest names, logged in as that party.");
    public static readonly ErrorCode JobAlreadyApproved = new("job-already-approved", ErrorClass.Conflict, "The party has approved this job before.", "Nothing is left to do.");
    public static readonly ErrorCode JobEnded = new("job-ended", ErrorClass.Conflict, "The job has ended.", "Propose a new one.");
    public static readonly ErrorCode JobNotProposer = new("job-not-proposer", ErrorClass.Refused, "Only the party that proposed a job can cancel it.", "Withdraw your consent instead.");

    // Sessions on devices.
    public static readonly ErrorCode DeviceAway = new("device-away", ErrorClass.Unavailable, "No device was free and reachable in time, or every attempt lost its device.", "Ask the host's operator for the devices' state, then propose the job again with a new serial.");
    public static readonly ErrorCode DeviceProtocol = new("device-protocol", ErrorClass.Integrity, "The device asked for something that the job does not have, or broke the protocol.", "Ask the host's operator to replace the device.");
    public static readonly ErrorCode ShimMissing = new("shim-missing", ErrorClass.JobFailed, "The job has prepare stages, and this host runs no container groups.", "Propose the job to a host with a shim, or ask this host's operator to start one (--shim).");
    public static readonly ErrorCode ShimAway = new("shim-away", ErrorClass.Unavailable, "The group of a prepare stage, or the shim that runs it, went away.", "The stage is run again, a few times. If it stays so, ask the host's operator.");
    public static readonly ErrorCode ShimProtocol = new("shim-protocol", ErrorClass.Integrity, "The shim broke the protocol, or handed out something that the stage does not make.", "Ask the host's operator to replace the shim.");
    public static readonly ErrorCode StageLost = new("stage-lost", ErrorClass.JobFailed, "The group of a prepare stage is gone, and with it the key of the job's checkpoints.", "Propose the job again with a new serial; its stages run anew.");
    public static readonly ErrorCode AgentAway = new("agent-away", ErrorClass.Unavailable, "A party's agent was not attending in time.", "Ask that party to run its agent, then propose the job again with a new serial.");
    public static readonly ErrorCode AgentRestarted = new("agent-restarted", ErrorClass.Unavailable, "A party's agent attended anew before it had answered the quote, and the nonce that it had given is gone.", "Nothing is to be done: the job goes on with fresh nonces. If it stays so, ask that party why its agent restarts.");
    public static readonly ErrorCode AgentProtocol = new("agent-protocol", ErrorClass.Input, "The agent broke the protocol of docs/spec/host-api.md.", "Run an agent of this version.");
    public static readonly ErrorCode AgentReplaced = new("agent-replaced", ErrorClass.Conflict, "A later agent of the same party attends instead.", "Run one agent a party.");
    public static readonly ErrorCode SessionFailed = new("job-session-failed", ErrorClass.Internal, "The host failed while it ran the job's session.", "See the host's log.");
    public static readonly ErrorCode ReleaseRefused = new("release-refused", ErrorClass.Refused, "A party refused to release its keys to the device.", "See the denials: each names claim, expectation, observation and remedy.");
    public static readonly ErrorCode JobWithdrawn = new("job-withdrawn", ErrorClass.Refused, "A party withdrew its consent.", "Ask that party, then propose a new job.");
    public static readonly ErrorCode JobCancelled = new("job-cancelled", ErrorClass.JobFailed, "The proposer cancelled the job.", "Propose a new job.");
}
