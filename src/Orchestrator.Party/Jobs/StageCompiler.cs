using System.Collections.Immutable;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Sdk;

/// <summary>The part of a manifest that comes of a job file's stages: what each reads, and the streams that it makes, numbered after the parties' in the file's order.</summary>
internal static class StageCompiler
{
    public static IEnumerable<ManifestStream> Streams(JobFile job, int first) => Made(job, first).Select(made => Describe(made.Id, made.Stage, made.Result));

    public static ImmutableArray<ManifestStage> Stages(JobFile job, int first) =>
    [
        .. job.Stages.OrderBy(stage => stage.Name, StringComparer.Ordinal).Select(stage => new ManifestStage(
            stage.Name,
            stage.Policy,
            [.. stage.Measurements],
            [.. stage.Inputs.Select(input => Describe(job, input.Name, input.Stream)).OrderBy(input => input.Name, StringComparer.Ordinal)],
            [.. Made(job, first).Where(made => made.Stage == stage).Select(made => new StageOutput(made.Result.Name, made.Id)).OrderBy(output => output.Name, StringComparer.Ordinal)],
            stage.Devices)),
    ];

    private static IEnumerable<(int Id, StageSource Stage, StageResult Result)> Made(JobFile job, int first) =>
        job.Stages.SelectMany(stage => stage.Outputs.Select(result => (stage, result))).Select((made, index) => (first + index, made.stage, made.result));

    private static StageInput Describe(JobFile job, string name, StreamSource source)
    {
        StreamCard card = JobCompiler.ReadCard(job, source, StageInput.Kind);
        StreamLayout layout = card.Layout;
        return new StageInput(name, source.Owner, card.Digest, layout.Header.FrameSize, layout.FrameCount, layout.PlaintextLength);
    }

    private static ManifestStream Describe(int id, StageSource stage, StageResult result)
    {
        int frameSize = StreamHeader.FrameSizeFor(result.Schema.RecordSize, result.FrameSize);
        return new ManifestStream
        {
            Id = id,
            Owner = stage.Name,
            Role = result.Role,
            Digest = default,
            FrameSize = frameSize,
            Frames = (long)((Int128)result.MostRecords * result.Schema.RecordSize / frameSize) + 1,
            RecordSize = result.Schema.RecordSize,
            Records = result.MostRecords,
            Schema = result.Schema,
        };
    }
}
