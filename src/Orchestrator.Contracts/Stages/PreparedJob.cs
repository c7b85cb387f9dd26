using System.Collections.Immutable;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Stages;

/// <summary>A job together with what its stages made: for a job without stages, the job.</summary>
public sealed class PreparedJob
{
    private PreparedJob(Manifest manifest, ImmutableArray<Preparation> preparations)
    {
        Manifest = manifest;
        Preparations = preparations;
        Dictionary<int, PreparedStream> made = preparations.SelectMany(preparation => preparation.Outputs).ToDictionary(output => output.Stream);
        Content = manifest.Content with
        {
            Streams = [.. manifest.Content.Streams.Select(stream => made.TryGetValue(stream.Id, out PreparedStream? output)
                ? stream with { Digest = output.Digest, Frames = output.Frames, Records = output.Records }
                : stream)],
        };
    }

    /// <summary>What everyone signed.</summary>
    public Manifest Manifest { get; }

    /// <summary>One a stage, in the manifest's order.</summary>
    public ImmutableArray<Preparation> Preparations { get; }

    /// <summary>The manifest's content, in which every stream has its digest and its true size.</summary>
    public ManifestContent Content { get; }

    /// <summary>SHA-256 of each stage's statement, by stage.</summary>
    public ImmutableSortedDictionary<string, Digest> Digests => Preparations.ToImmutableSortedDictionary(made => made.Stage.Name, made => made.Digest, StringComparer.Ordinal);

    /// <summary>Everyone who releases keys to the device: parties, then stages.</summary>
    public IEnumerable<string> Owners => Manifest.Content.Parties.Select(party => party.Name).Concat(Preparations.Select(made => made.Stage.Name));

    /// <summary>The key by which an owner signs; null: the job knows no such owner.</summary>
    public VerificationKey? SigningKeyOf(string owner) =>
        Manifest.FindParty(owner)?.SigningKey ?? Preparations.FirstOrDefault(made => made.Stage.Name == owner)?.Evidence.Binding.SigningKey;

    /// <summary>Joins a manifest and verified statements.</summary>
    /// <exception cref="OrchestratorException"><see cref="StageErrors.StatementMissing"/>: not one a stage, in the manifest's order; <see cref="StageErrors.StatementInvalid"/>: two streams are the same.</exception>
    public static PreparedJob Of(Manifest manifest, IEnumerable<Preparation> preparations)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ImmutableArray<Preparation> made = [.. preparations];
        if (!made.Select(preparation => preparation.Stage.Name).SequenceEqual(manifest.Content.Stages.Select(stage => stage.Name)))
        {
            throw new OrchestratorException(
                StageErrors.StatementMissing,
                $"The manifest has the stages {Names(manifest.Content.Stages.Select(stage => stage.Name))}; there are statements of {Names(made.Select(preparation => preparation.Stage.Name))}.");
        }

        var job = new PreparedJob(manifest, made);
        return job.Content.Streams.Select(stream => stream.Digest).Distinct().Count() == job.Content.Streams.Length
            ? job
            : throw new OrchestratorException(StageErrors.StatementInvalid, "A statement gives a stream the digest of another.");
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";
}
