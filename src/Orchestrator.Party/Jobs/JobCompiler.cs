using System.Collections.Immutable;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Makes the manifest of a job file. The same file and streams give the same bytes on any machine.</summary>
public static class JobCompiler
{
    /// <summary>Compiles a job.</summary>
    /// <param name="job">The job file.</param>
    /// <param name="program">The program in plaintext, for who has it: its layers are then checked too, and named if they are too large. The manifest is the same.</param>
    /// <exception cref="OrchestratorException"><see cref="JobErrors.Inconsistent"/>, a code of <see cref="StreamErrors"/>
    /// or <see cref="PartyErrors.CardInvalid"/> for a stream, <c>manifest-invalid</c>, or <c>job-memory-exceeded</c>.</exception>
    public static Manifest Compile(JobFile job, ProgramFile? program = null)
    {
        ArgumentNullException.ThrowIfNull(job);
        RequireParty(job, job.Launcher, "the launcher");
        StreamCard sealedProgram = ReadCard(job, job.Program, StreamKind.Program);
        ImmutableArray<ManifestStream> streams =
        [
            Describe(1, job.Program, sealedProgram, schema: null),
            .. job.Data.Select((source, index) => DescribeData(index + 2, source, ReadCard(job, source, StreamKind.Data))),
            .. StageCompiler.Streams(job, first: job.Data.Count + 2),
        ];
        var manifest = Manifest.Create(new ManifestContent
        {
            Name = job.Name,
            Serial = job.Serial,
            Parties = [.. job.Parties.OrderBy(party => party.Name, StringComparer.Ordinal).Select(party => Describe(job, party))],
            ProgramDigest = ProgramHeader.ArchiveDigest(sealedProgram.Layout.Header, job.Program.Path),
            Streams = streams,
            Stages = StageCompiler.Stages(job, first: job.Data.Count + 2),
            Outputs = [.. job.Outputs.OrderBy(output => output.Name, StringComparer.Ordinal)],
            Metrics = job.Metrics,
            Plan = job.Plan,
            Memory = new MemoryReservation(job.Memory.Parameters ?? streams[0].Records, job.Memory.Workspace),
            Device = job.Device,
            CheckpointEveryEpochs = job.CheckpointEveryEpochs,
            Withdrawal = job.Withdrawal,
        });
        MemoryPlan.Of(manifest.Content, program is null ? null : LargestLayer(manifest.Content, program)).RequireFits(job.Memory.Tiles);
        return manifest;
    }

    /// <summary>Reads a manifest from a file, as <c>job compile</c> writes it.</summary>
    /// <exception cref="OrchestratorException">A code of the manifest's, or the file cannot be read.</exception>
    public static Manifest ReadManifest(string path) => Manifest.Decode(LocalFile.ReadAllBytes(path, Manifest.MaxBytes, ContractErrors.ManifestInvalid));

    internal static StreamCard ReadCard(JobFile job, StreamSource source, StreamKind kind)
    {
        RequireParty(job, source.Owner, $"the owner of {source.Path}");
        StreamCard card = StreamCard.Read(source.Path);
        StreamHeader header = card.Layout.Header;
        return header.Kind == kind && header.Owner == source.Owner
            ? card
            : throw new OrchestratorException(JobErrors.Inconsistent, $"{source.Path} is {header.Kind.ToString().ToLowerInvariant()} of {header.Owner}, not {kind.ToString().ToLowerInvariant()} of {source.Owner}.");
    }

    // Of a program all of whose layers fit into what the job reserves for them.
    private static string? LargestLayer(ManifestContent manifest, ProgramFile program)
    {
        if (Digest.Of(program.Bytes.Span) != manifest.ProgramDigest)
        {
            throw new OrchestratorException(JobErrors.Inconsistent, "The program is not the one whose sealed form the job file names.");
        }

        IReadOnlyList<ProgramLayer> layers = ProgramTrial.LayersOf(program.Program);
        ProgramLayer? largest = layers.MaxBy(layer => layer.Bytes);
        long bytes = layers.Sum(layer => layer.Bytes);
        return bytes <= manifest.Memory.Parameters
            ? largest?.ToString()
            : throw new OrchestratorException(
                ContractErrors.MemoryExceeded,
                $"The program has {bytes} bytes of parameters and buffers, {bytes - manifest.Memory.Parameters} more than the job reserves for them. The largest layer is {largest}.",
                $"Reserve {bytes} (memory.parameters), or make {largest!.Name} smaller.");
    }

    private static ManifestStream DescribeData(int id, StreamSource source, StreamCard card) =>
        Describe(id, source, card, DataSchema.Decode(card.Layout.Header.Schema));

    private static ManifestStream Describe(int id, StreamSource source, StreamCard card, DataSchema? schema) => new()
    {
        Id = id,
        Owner = source.Owner,
        Role = source.Role,
        Digest = card.Digest,
        FrameSize = card.Layout.Header.FrameSize,
        Frames = card.Layout.FrameCount,
        RecordSize = card.Layout.Header.RecordSize,
        Records = card.Layout.RecordCount,
        Schema = schema,
        Run = card.Layout.Header.Run,
    };

    private static ManifestParty Describe(JobFile job, PartyIdentity party)
    {
        PartyRoles roles = PartyRoles.None;
        roles |= party.Name == job.Launcher ? PartyRoles.Launcher : PartyRoles.None;
        roles |= party.Name == job.Program.Owner ? PartyRoles.Program : PartyRoles.None;
        roles |= job.Data.Concat(job.Stages.SelectMany(stage => stage.Inputs.Select(input => input.Stream))).Any(data => data.Owner == party.Name) ? PartyRoles.Data : PartyRoles.None;
        roles |= job.Outputs.Any(output => output.Receivers.Contains(party.Name)) ? PartyRoles.Receiver : PartyRoles.None;
        return new ManifestParty(party.Name, party.SigningKey, party.SealingKey, roles);
    }

    private static void RequireParty(JobFile job, string name, string what)
    {
        if (!job.Parties.Any(party => party.Name == name))
        {
            throw new OrchestratorException(JobErrors.Inconsistent, $"{what} is {name}, which is not among the parties.");
        }
    }
}
