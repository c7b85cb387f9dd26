using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Contracts.Manifests;

/// <summary>What a party is in a job for.</summary>
[Flags]
public enum PartyRoles
{
    /// <summary>Only consents.</summary>
    None = 0,

    /// <summary>Proposes and watches the job.</summary>
    Launcher = 1,

    /// <summary>Owns the program.</summary>
    Program = 2,

    /// <summary>Owns data.</summary>
    Data = 4,

    /// <summary>Gets outputs.</summary>
    Receiver = 8,
}

/// <summary>A party of a job, with the keys by which all others know it.</summary>
/// <param name="Name">1 to 64 characters (<see cref="PartyName"/>).</param>
/// <param name="SigningKey">Signs approvals and key packages.</param>
/// <param name="SealingKey">Outputs are sealed to it.</param>
/// <param name="Roles">What the party is in the job for.</param>
public sealed record ManifestParty(string Name, VerificationKey SigningKey, HpkePublicKey SealingKey, PartyRoles Roles);

/// <summary>A sealed stream that the device reads.</summary>
public sealed record ManifestStream
{
    /// <summary>Counts from 1.</summary>
    public required int Id { get; init; }

    /// <summary>The party whose key package carries the stream's key, or the stage that makes the stream.</summary>
    public required string Owner { get; init; }

    /// <summary>What it is read for; null: it carries the program.</summary>
    public required StreamRole? Role { get; init; }

    /// <summary>Pins header and every frame; also the object's address on the host. All zeros: a stage makes the stream, and then <see cref="Frames"/> and <see cref="Records"/> are limits.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Whether a stage makes the stream, so that its digest stands in the stage's statement.</summary>
    public bool IsPrepared => Digest == default;

    /// <summary>Plaintext bytes of a full frame.</summary>
    public required int FrameSize { get; init; }

    /// <summary>Frames, the last, shorter one included.</summary>
    public required long Frames { get; init; }

    /// <summary>Plaintext bytes of a record; 1 for the program.</summary>
    public required int RecordSize { get; init; }

    /// <summary>Records; for the program, bytes of the archive.</summary>
    public required long Records { get; init; }

    /// <summary>Layout of the records; null for the program only.</summary>
    public DataSchema? Schema { get; init; }

    /// <summary>Run number in the stream's IVs.</summary>
    public int Run { get; init; }

    /// <summary>Kind of the stream, which its IVs carry.</summary>
    public StreamKind Kind => Role is null ? StreamKind.Program : StreamKind.Data;

    /// <summary>Key slot of the SXP.</summary>
    public int Slot => (Id - 1) % ManifestRules.KeySlots;
}

/// <summary>What kind of output leaves.</summary>
public enum OutputKind
{
    /// <summary>The trained parameters, safetensors.</summary>
    Model,

    /// <summary>The metrics of every reported epoch, JSON lines.</summary>
    Metrics,
}

/// <summary>An output and who can open it.</summary>
public sealed record ManifestOutput(string Name, OutputKind Kind, ImmutableArray<string> Receivers)
{
    /// <summary>Run number in the IVs of every output: each is sealed once, under a key of its own.</summary>
    public const int Run = 1;

    /// <summary>Kind of the stream that carries it.</summary>
    public StreamKind StreamKind => Kind == OutputKind.Model ? StreamKind.Model : StreamKind.Metrics;
}

/// <summary>Which metrics may leave.</summary>
/// <param name="Names">Names as docs/spec/plan.md lists them; none lets nothing out.</param>
/// <param name="EveryEpochs">Cadence, at least 1.</param>
/// <param name="Digits">Significant decimal digits, 1 to 17.</param>
public sealed record MetricsRelease(ImmutableArray<string> Names, int EveryEpochs, int Digits);

/// <summary>Where a job may run.</summary>
/// <param name="Firmware">At least one; the device's must equal one of them.</param>
/// <param name="MinimumSecurityVersion">Lowest security version.</param>
public sealed record DeviceRequirements(ImmutableArray<FirmwareMeasurements> Firmware, int MinimumSecurityVersion);

/// <summary>What a withdrawal during the run does.</summary>
public enum WithdrawalRule
{
    /// <summary>The run ends at once; nothing is delivered.</summary>
    Stop,

    /// <summary>The epoch is finished, and its model delivered.</summary>
    FinishEpoch,
}
