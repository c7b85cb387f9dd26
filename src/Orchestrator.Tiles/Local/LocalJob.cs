using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Documents;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;

namespace Orchestrator.Tiles.Local;

/// <summary>A plaintext file that stands for a sealed stream.</summary>
internal sealed record LocalStream(StreamRole Role, string File, DataSchema Schema, int FrameSize);

/// <summary>
/// What a device gets as Configure, for files on this machine: a JSON object with <c>program</c>, <c>plan</c> and <c>streams</c>
/// (docs/spec/tiles.md, "Local jobs"). Paths are relative to the job file.
/// </summary>
internal sealed record LocalJob(string Program, TrainingPlan Plan, IReadOnlyList<LocalStream> Streams)
{
    /// <summary>Reads a job file.</summary>
    /// <exception cref="OrchestratorException">A <c>plan-*</c>, <c>data-*</c>, <c>cbor-*</c> or <c>storage-*</c> code.</exception>
    public static LocalJob Read(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return CborJson.Parse(Files.ReadAll(path)).As("job").ReadMap(map => new LocalJob(
            Path.Combine(folder, map.Required("program").AsText()),
            TrainingPlan.FromDocument(map.Required("plan")),
            [.. map.Required("streams").AsArray(TileLimits.MaxStreams).Select(stream => ReadStream(stream, folder))]));
    }

    /// <summary>The one schema of all streams, after checking that plan and streams go together.</summary>
    public DataSchema Check() => Plan.CheckStreams([.. Streams.Select(stream => (stream.Role, stream.Schema))]);

    private static LocalStream ReadStream(CborField field, string folder) => field.ReadMap(map =>
    {
        var schema = DataSchema.FromCbor(map.Required("schema"));
        var frameSize = map.Optional("frame_size")?.AsInt32(1, StreamLimits.MaxFrameSize) ?? StreamHeader.FrameSizeFor(schema.RecordSize);
        return new LocalStream(
            map.Required("role").AsText() switch
            {
                "train" => StreamRole.Train,
                "evaluate" => StreamRole.Evaluate,
                _ => throw map.Required("role").OutOfRange("is not one of train, evaluate"),
            },
            Path.Combine(folder, map.Required("file").AsText()),
            schema,
            frameSize % schema.RecordSize == 0 ? frameSize : throw field.OutOfRange("has a frame size that is no multiple of its record size"));
    });
}
