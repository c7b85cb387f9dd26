using System.Collections.Immutable;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Plans;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Manifests;

/// <summary>
/// The contract of a job: what is trained, on which data of whom, where, and what may leave (docs/spec/manifest.md).
/// An instance obeys every rule of the specification; its <see cref="Digest"/> is the job's name.
/// </summary>
public sealed class Manifest
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxBytes = 4 << 20;

    private Manifest(ManifestContent content, byte[] encoding)
    {
        Content = content;
        Encoding = encoding;
        Digest = Digest.Of(encoding);
    }

    /// <summary>The job's name: SHA-256 of <see cref="Encoding"/>.</summary>
    public Digest Digest { get; }

    /// <summary>The only encoding.</summary>
    public ReadOnlyMemory<byte> Encoding { get; }

    /// <summary>What the manifest says.</summary>
    public ManifestContent Content { get; }

    /// <summary>Makes a manifest of <paramref name="content"/>.</summary>
    /// <exception cref="Orchestrator.Errors.OrchestratorException"><see cref="ContractErrors.ManifestInvalid"/>: a rule is broken.</exception>
    public static Manifest Create(ManifestContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        ManifestRules.Check(content);
        return Decode(ManifestCodec.Encode(content));
    }

    /// <summary>Reads a manifest from untrusted bytes.</summary>
    /// <exception cref="Orchestrator.Errors.OrchestratorException">A <c>cbor-*</c>, <c>plan-*</c> or <c>data-*</c> code,
    /// or <see cref="ContractErrors.ManifestInvalid"/>.</exception>
    public static Manifest Decode(ReadOnlyMemory<byte> encoding)
    {
        // A copy: the caller's buffer may change after its digest was taken.
        byte[] copy = encoding.ToArray();
        ManifestContent content = ManifestCodec.Decode(copy);
        ManifestRules.Check(content);
        RequireDerived(content, copy);
        return new Manifest(content, copy);
    }

    // Much of a manifest follows from the rest of it, so that nobody has to derive it to read it: the memory plan, slots, templates.
    private static void RequireDerived(ManifestContent content, byte[] encoding)
    {
        if (CborDifference.First(CborValue.Decode(encoding, ManifestCodec.Limits), ManifestCodec.ToCbor(content)) is { } difference)
        {
            throw new OrchestratorException(ContractErrors.ManifestInvalid, $"The manifest has {difference.Path} {difference.Before}, but {difference.After} follows from the rest of it.");
        }
    }

    /// <summary>The first place where this manifest and another differ; null: they are the same job.</summary>
    public CborDifference? DifferenceFrom(Manifest other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return CborDifference.First(ManifestCodec.ToCbor(Content), ManifestCodec.ToCbor(other.Content));
    }

    /// <summary>The party called <paramref name="name"/>, or <see langword="null"/>.</summary>
    public ManifestParty? FindParty(string name) => Content.Parties.FirstOrDefault(party => party.Name == name);

    /// <summary>The stage called <paramref name="name"/>, or <see langword="null"/>.</summary>
    public ManifestStage? FindStage(string name) => Content.Stages.FirstOrDefault(stage => stage.Name == name);

    /// <summary>The streams whose keys <paramref name="owner"/>, a party or a stage, releases.</summary>
    public IEnumerable<ManifestStream> StreamsOf(string owner) => Content.Streams.Where(stream => stream.Owner == owner);

    /// <summary>The sealed objects that the job reads and parties upload: streams, and the files of stages.</summary>
    public IEnumerable<Digest> Objects => Content.Streams.Where(stream => !stream.IsPrepared).Select(stream => stream.Digest)
        .Concat(Content.Stages.SelectMany(stage => stage.Inputs.Select(input => input.Digest))).Distinct();

    /// <summary>The stream that carries the program.</summary>
    public ManifestStream ProgramStream => Content.Streams.Single(stream => stream.Role is null);
}

/// <summary>The fields of a manifest, unchecked; <see cref="Manifest.Create"/> checks them.</summary>
public sealed record ManifestContent
{
    /// <summary>For people, 1 to 128 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Distinguishes otherwise equal jobs; not negative.</summary>
    public required long Serial { get; init; }

    /// <summary>Ordered by name.</summary>
    public required ImmutableArray<ManifestParty> Parties { get; init; }

    /// <summary>SHA-256 of the TorchScript archive, in plaintext.</summary>
    public required Digest ProgramDigest { get; init; }

    /// <summary>Ordered by id, which counts from 1.</summary>
    public required ImmutableArray<ManifestStream> Streams { get; init; }

    /// <summary>Ordered by name; what is prepared before the device trains.</summary>
    public ImmutableArray<ManifestStage> Stages { get; init; } = [];

    /// <summary>Ordered by name.</summary>
    public required ImmutableArray<ManifestOutput> Outputs { get; init; }

    /// <summary>What may leave besides the outputs.</summary>
    public required MetricsRelease Metrics { get; init; }

    /// <summary>How the program is trained.</summary>
    public required TrainingPlan Plan { get; init; }

    /// <summary>Where the job may run.</summary>
    public required DeviceRequirements Device { get; init; }

    /// <summary>What it declares about its memory.</summary>
    public required MemoryReservation Memory { get; init; }

    /// <summary>A checkpoint is written after every so many epochs; 0: none is.</summary>
    public int CheckpointEveryEpochs { get; init; }

    /// <summary>What a withdrawal during the run does.</summary>
    public WithdrawalRule Withdrawal { get; init; }
}
