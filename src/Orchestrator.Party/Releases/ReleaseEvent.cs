using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>What an agent did or learned.</summary>
public enum ReleaseEventKind
{
    /// <summary>The host can ask the agent now.</summary>
    Attending,

    /// <summary>The connection is lost; the agent tries again.</summary>
    Disconnected,

    /// <summary>Keys were released.</summary>
    Released,

    /// <summary>Keys were refused.</summary>
    Refused,

    /// <summary>A device has stated a checkpoint; the job is not resumed from an older one any more.</summary>
    CheckpointSeen,

    /// <summary>The host says that a job has ended.</summary>
    JobEnded,
}

/// <summary>An event of a <see cref="ReleaseAgent"/>; releases and refusals also stand in the home folder's <see cref="ReleaseLog.FileName"/>.</summary>
public sealed record ReleaseEvent
{
    private ReleaseEvent(ReleaseEventKind kind, string text)
    {
        Kind = kind;
        Text = text;
    }

    /// <summary>What happened.</summary>
    public ReleaseEventKind Kind { get; }

    /// <summary>The same in words, one line.</summary>
    public string Text { get; }

    /// <summary>The job.</summary>
    public Digest? Job { get; private init; }

    /// <summary>SHA-256 of the evidence that was judged.</summary>
    public Digest? Quote { get; private init; }

    /// <summary>Ids of the streams whose keys were released.</summary>
    public IReadOnlyList<int> Streams { get; private init; } = [];

    /// <summary>The stage whose group it is about; null: the job's device.</summary>
    public string? Stage { get; private init; }

    /// <summary>Names of the files whose keys were released to a group.</summary>
    public IReadOnlyList<string>? Files { get; private init; }

    /// <summary>All reasons of a refusal.</summary>
    public IReadOnlyList<Denial> Denials { get; private init; } = [];

    internal static ReleaseEvent Attending() => new(ReleaseEventKind.Attending, "attending");

    internal static ReleaseEvent Disconnected(OrchestratorException failure) =>
        new(ReleaseEventKind.Disconnected, $"waiting for the host: {failure.Code}: {failure.Message}");

    internal static ReleaseEvent Released(Manifest manifest, VerifiedQuote quote, IReadOnlyList<int> streams) =>
        new(ReleaseEventKind.Released, $"released the keys of {Wording.Count(streams.Count, "stream")} for \"{manifest.Content.Name}\" to device {quote.Claims.DeviceId}")
        {
            Job = manifest.Digest,
            Quote = quote.Digest,
            Streams = streams,
        };

    internal static ReleaseEvent ReleasedToGroup(Manifest manifest, VerifiedGroup group, IReadOnlyList<StageInput> inputs, string stage) =>
        new(ReleaseEventKind.Released, $"released the keys of {Wording.Count(inputs.Count, "file")} for \"{manifest.Content.Name}\" to the group of stage {stage}, measured {group.Report.Report.Measurement}")
        {
            Job = manifest.Digest,
            Quote = group.Digest,
            Stage = stage,
            Files = [.. inputs.Select(input => input.Name)],
        };

    internal static ReleaseEvent Refused(Digest job, Digest? quote, IReadOnlyList<Denial> denials) =>
        new(ReleaseEventKind.Refused, $"refused job {job} for {Wording.Count(denials.Count, "reason")}") { Job = job, Quote = quote, Denials = denials };

    internal static ReleaseEvent CheckpointSeen(Digest job, CheckpointClaim checkpoint) =>
        new(ReleaseEventKind.CheckpointSeen, $"job {job} has checkpoint {checkpoint.Counter}, after epoch {checkpoint.Epoch}") { Job = job };

    internal static ReleaseEvent JobEnded(Digest job, Contracts.Protocol.Host.JobEnded ended) =>
        new(ReleaseEventKind.JobEnded, RpcErrors.Printable($"job {job} ended: {ended.State}{(ended.Failure is { } failure ? $", {failure.Code}: {failure.Message}" : "")}"))
        {
            Job = job,
        };
}
