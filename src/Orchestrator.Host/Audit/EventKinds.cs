namespace Orchestrator.Host.Audit;

/// <summary>The kinds of events, as watchers and the audit log see them. A name is never reused for another meaning.</summary>
internal static class EventKinds
{
    public const string HostStarted = "host_started";
    public const string PartyRegistered = "party_registered";
    public const string ObjectStored = "object_stored";

    public const string Proposed = "proposed";
    public const string Approved = "approved";
    public const string ApprovedByAll = "approved_by_all";
    public const string Queued = "queued";
    public const string Requeued = "requeued";
    public const string WaitingForDevice = "waiting_for_device";
    public const string WaitingForAgent = "waiting_for_agent";
    public const string WaitingForShim = "waiting_for_shim";
    public const string DeviceAssigned = "device_assigned";
    public const string GroupAttested = "group_attested";
    public const string StageRunning = "stage_running";
    public const string StagePrepared = "stage_prepared";
    public const string QuoteRelayed = "quote_relayed";
    public const string KeyPackageRelayed = "key_package_relayed";
    public const string Refused = "refused";
    public const string Running = "running";
    public const string Progress = "progress";
    public const string CheckpointWritten = "checkpoint_written";
    public const string CheckpointAcknowledged = "checkpoint_acknowledged";
    public const string Withdrawing = "withdrawing";
    public const string Completed = "completed";
    public const string Failed = "failed";
    public const string Withdrawn = "withdrawn";
    public const string Cancelled = "cancelled";
}
