using Orchestrator.Attestation.Quotes;

namespace Orchestrator.Attestation.Policies;

/// <summary>What a party remembers of a job: the session that it released its keys to last, and the newest checkpoint that it has seen.</summary>
/// <param name="Ueid">The session's device, by its <see cref="Quote.Ueid"/>.</param>
/// <param name="BootCounter">The device's boot. A later boot of the same device is the proof that the session is over.</param>
/// <param name="Checkpoint">The newest checkpoint that a device has stated to this party; <see langword="null"/>: none.</param>
public sealed record EarlierSession(ReadOnlyMemory<byte> Ueid, long BootCounter, CheckpointClaim? Checkpoint)
{
    /// <summary>Whether a quote shows that this session is over: a device that has booted again has scrubbed it.</summary>
    public bool HasEndedBefore(Quote later)
    {
        ArgumentNullException.ThrowIfNull(later);
        return Ueid.Span.SequenceEqual(later.Ueid.Span) && later.BootCounter > BootCounter;
    }

    /// <summary>Whether resuming from a checkpoint loses nothing that this party has seen.</summary>
    /// <param name="resumed">The checkpoint; <see langword="null"/> is the beginning.</param>
    public bool Allows(CheckpointClaim? resumed) => Checkpoint is null || resumed == Checkpoint || resumed?.Counter > Checkpoint.Counter;
}
