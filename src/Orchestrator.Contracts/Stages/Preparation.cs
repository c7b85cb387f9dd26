using System.Collections.Immutable;
using System.Text;
using Orchestrator.Attestation.Groups;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Stages;

/// <summary>A stream that a stage made.</summary>
/// <param name="Stream">Its id in the manifest.</param>
/// <param name="Digest">Pins header and every frame.</param>
/// <param name="Frames">Frames, the last, shorter one included.</param>
/// <param name="Records">Records.</param>
public sealed record PreparedStream(int Stream, Digest Digest, long Frames, long Records);

/// <summary>
/// What a group states of the stage that it ran, signed by the key that its evidence binds (docs/spec/prepare-stage.md). Only <see cref="Verify"/> makes
/// one. Whether the evidence is genuine is not looked at: each party has judged it, and remembers its digest.
/// </summary>
public sealed class Preparation
{
    /// <summary>Content type of the statement.</summary>
    public const string ContentType = "application/orchestrator-preparation+cbor";

    /// <summary>The longest statement, in bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    private const string Type = "orchestrator/preparation/v1";

    private Preparation(ManifestStage stage, GroupEvidence evidence, ReadOnlyMemory<byte> statement, ImmutableArray<PreparedStream> outputs)
    {
        Stage = stage;
        Evidence = evidence;
        Statement = statement;
        Outputs = outputs;
        Digest = Digest.Of(statement.Span);
    }

    /// <summary>Which stage it was.</summary>
    public ManifestStage Stage { get; }

    /// <summary>Of the group that ran it.</summary>
    public GroupEvidence Evidence { get; }

    /// <summary>The signed statement, as received.</summary>
    public ReadOnlyMemory<byte> Statement { get; }

    /// <summary>SHA-256 of <see cref="Statement"/>: what a device's quote names.</summary>
    public Digest Digest { get; }

    /// <summary>What it made, in the order of the streams.</summary>
    public ImmutableArray<PreparedStream> Outputs { get; }

    /// <summary>Signs a statement; done by the group.</summary>
    /// <param name="key">That the group's evidence binds.</param>
    /// <param name="manifest">The job.</param>
    /// <param name="stage">The stage that was run, with all of its inputs.</param>
    /// <param name="evidence">SHA-256 of the group's evidence.</param>
    /// <param name="outputs">What came of it.</param>
    public static byte[] Sign(PartySigningKey key, Manifest manifest, ManifestStage stage, Digest evidence, IEnumerable<PreparedStream> outputs)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(stage);
        byte[] payload = CborMap.Of(
            ("type", Type),
            ("manifest", manifest.Digest),
            ("stage", stage.Name),
            ("evidence", evidence),
            ("inputs", new CborArray(stage.Inputs.Select(input => (CborValue)input.Digest))),
            ("outputs", new CborArray(outputs.OrderBy(output => output.Stream).Select(output => CborMap.Of(
                ("stream", output.Stream), ("digest", output.Digest), ("frames", output.Frames), ("records", output.Records)))))).Encode();
        return CoseSign1.Sign(key, ContentType, Encoding.UTF8.GetBytes(stage.Name), payload);
    }

    /// <summary>Verifies that the group of some evidence has stated this for a stage of this job, within the manifest's limits.</summary>
    /// <param name="evidence">Untrusted.</param>
    /// <param name="statement">Untrusted.</param>
    /// <param name="manifest">The job.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="StageErrors"/> or <see cref="GroupErrors"/>.</exception>
    public static Preparation Verify(ReadOnlyMemory<byte> evidence, ReadOnlyMemory<byte> statement, Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        GroupEvidence group = GroupEvidence.Parse(evidence);
        group.RequireBound();
        byte[] copy = statement.Length <= MaxBytes ? statement.ToArray() : throw Invalid($"it has more than {MaxBytes} bytes");
        try
        {
            CoseSign1 message = CoseSign1.Parse(copy);
            return message.TryVerify(group.Binding.SigningKey, ContentType, out VerifiedPayload? payload)
                ? CborValue.Decode(payload.Bytes).As("statement").ReadMap(map => Read(map, group, copy, manifest))
                : throw Invalid("it is not signed by the key that the group's evidence binds");
        }
        catch (OrchestratorException e) when (e.Code.Id.StartsWith("cbor-", StringComparison.Ordinal) || e.Code.Id.StartsWith("cose-", StringComparison.Ordinal))
        {
            throw new OrchestratorException(StageErrors.StatementInvalid, e.Message, inner: e);
        }
    }

    private static Preparation Read(CborMapReader map, GroupEvidence group, byte[] statement, Manifest manifest)
    {
        map.ExpectType(Type);
        string name = map.Required("stage").AsPartyName();
        ManifestStage stage = manifest.FindStage(name) ?? throw Invalid($"it is of a stage {name}, which the manifest has not");
        Require(map.Required("manifest").AsDigest() == manifest.Digest && group.Binding.Manifest == manifest.Digest, "it is of another job");
        Require(map.Required("evidence").AsDigest() == group.Digest, "it was made under other evidence");
        Require(
            map.Required("inputs").AsArray(StageRules.MaxInputs).Select(input => input.AsDigest()).SequenceEqual(stage.Inputs.Select(input => input.Digest)),
            "the group read something else than the stage's inputs");
        ImmutableArray<PreparedStream> outputs = [.. map.Required("outputs").AsArray(StageRules.MaxOutputs).Select(ReadOutput)];
        ManifestStream[] streams = [.. manifest.StreamsOf(name)];
        Require(outputs.Select(output => output.Stream).SequenceEqual(streams.Select(stream => stream.Id)), "it is not about exactly the stage's streams");
        foreach ((PreparedStream output, ManifestStream stream) in outputs.Zip(streams))
        {
            CheckOutput(output, stream);
        }

        return new Preparation(stage, group, statement, outputs);
    }

    private static PreparedStream ReadOutput(CborField field) => field.ReadMap(map => new PreparedStream(
        map.Required("stream").AsInt32(1, ManifestRules.MaxStreams),
        map.Required("digest").AsDigest(),
        map.Required("frames").AsInt64(1, ManifestRules.MaxFrames),
        map.Required("records").AsInt64(0)));

    private static void CheckOutput(PreparedStream output, ManifestStream stream)
    {
        if (output.Records == 0 || output.Records > stream.Records)
        {
            throw new OrchestratorException(StageErrors.OutputExceeded, $"Stream {stream.Id} of {stream.Owner} has {output.Records} records; the manifest allows 1 to {stream.Records}.");
        }

        Require(output.Digest != default && output.Frames == ((Int128)output.Records * stream.RecordSize / stream.FrameSize) + 1, $"frames and records of stream {stream.Id} disagree");
    }

    private static void Require(bool holds, string finding)
    {
        if (!holds)
        {
            throw Invalid(finding);
        }
    }

    private static OrchestratorException Invalid(string finding) => new(StageErrors.StatementInvalid, $"The statement does not hold: {finding}.");
}
