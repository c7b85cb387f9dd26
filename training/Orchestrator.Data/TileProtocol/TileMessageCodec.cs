using System.Buffers.Binary;
using System.Collections.Immutable;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.TileProtocol;

/// <summary>
/// Messages as bytes: a type byte and a body. Bulk bodies are binary, the others deterministic CBOR. Sizes and layout:
/// docs/spec/tiles.md.
/// </summary>
internal static class TileMessageCodec
{
    private const int PositionSize = 12;
    private const int OutputHeaderSize = 2;

    private enum MessageType : byte
    {
        Configure = 0x01,
        Program = 0x02,
        Start = 0x03,
        Frame = 0x04,
        Cancel = 0x05,
        State = 0x06,
        Finish = 0x07,
        Probe = 0x08,
        Ready = 0x81,
        NeedFrame = 0x82,
        Progress = 0x83,
        Output = 0x84,
        Failed = 0x85,
        Done = 0x86,
        Checkpoint = 0x87,
        Probed = 0x88,
    }

    /// <summary>The message without its length field: a small head, and bulk bytes that follow it uncopied.</summary>
    public static (byte[] Head, ReadOnlyMemory<byte> Bulk) Encode(TileMessage message) => message switch
    {
        TileMessage.Configure configure => (WithType(MessageType.Configure, Write(configure).Encode()), default),
        TileMessage.Probe probe => (WithType(MessageType.Probe, Write(probe).Encode()), default),
        TileMessage.Program program => (WithType(MessageType.Program), program.Chunk),
        TileMessage.Start => (WithType(MessageType.Start), default),
        TileMessage.Frame frame => (WithType(MessageType.Frame, Write(frame.Position)), frame.Plaintext),
        TileMessage.Cancel => (WithType(MessageType.Cancel), default),
        TileMessage.State state => (WithType(MessageType.State, Flag(state.Last)), state.Chunk),
        TileMessage.Finish => (WithType(MessageType.Finish), default),
        TileMessage.Probed probed => (WithType(MessageType.Probed, CborMap.Of(("findings", Texts(probed.Findings))).Encode()), default),
        TileMessage.Ready => (WithType(MessageType.Ready), default),
        TileMessage.NeedFrame need => (WithType(MessageType.NeedFrame, Write(need.Position)), default),
        TileMessage.Progress progress => (WithType(MessageType.Progress, Write(progress).Encode()), default),
        TileMessage.Output output => (WithType(MessageType.Output, [(byte)output.Kind, Flag(output.Last)]), output.Chunk),
        TileMessage.Failed failed => (WithType(MessageType.Failed, Write(failed).Encode()), default),
        TileMessage.Done done => (WithType(MessageType.Done, Write(done).Encode()), default),
        TileMessage.Checkpoint checkpoint => (WithType(MessageType.Checkpoint, Flag(checkpoint.Last)), checkpoint.Chunk),
        _ => throw new ArgumentException("unknown message", nameof(message)),
    };

    /// <summary>Reads a message; the result keeps <paramref name="encoding"/> alive, bulk bytes are not copied.</summary>
    public static TileMessage Decode(ReadOnlyMemory<byte> encoding)
    {
        if (encoding.IsEmpty)
        {
            throw Malformed("A message is empty.");
        }

        var body = encoding[1..];
        return (MessageType)encoding.Span[0] switch
        {
            MessageType.Configure => ReadConfigure(Map(body, "configure")),
            MessageType.Probe => ReadProbe(Map(body, "probe")),
            MessageType.Program => new TileMessage.Program(body),
            MessageType.Start => Bare(body, new TileMessage.Start()),
            MessageType.Frame => ReadFrame(body),
            MessageType.Cancel => Bare(body, new TileMessage.Cancel()),
            MessageType.State => ReadPiece(body, (last, chunk) => new TileMessage.State(last, chunk)),
            MessageType.Finish => Bare(body, new TileMessage.Finish()),
            MessageType.Probed => ReadProbed(Map(body, "probed")),
            MessageType.Ready => Bare(body, new TileMessage.Ready()),
            MessageType.NeedFrame => ReadNeedFrame(body),
            MessageType.Progress => ReadProgress(Map(body, "progress")),
            MessageType.Output => ReadOutput(body),
            MessageType.Failed => ReadFailed(Map(body, "failed")),
            MessageType.Done => ReadDone(Map(body, "done")),
            MessageType.Checkpoint => ReadPiece(body, (last, chunk) => new TileMessage.Checkpoint(last, chunk)),
            _ => throw Malformed($"The message type {encoding.Span[0]:x2} is not defined."),
        };
    }

    private static byte[] WithType(MessageType type, params ReadOnlySpan<byte> body) => [(byte)type, .. body];

    private static byte Flag(bool value) => (byte)(value ? 1 : 0);

    private static TileMessage ReadPiece(ReadOnlyMemory<byte> body, Func<bool, ReadOnlyMemory<byte>, TileMessage> piece) =>
        body.Length is > 0 and <= 1 + TileLimits.ChunkSize && body.Span[0] <= 1
            ? piece(body.Span[0] == 1, body[1..])
            : throw Malformed("A piece of a state has no valid header.");

    private static CborField Map(ReadOnlyMemory<byte> body, string name) => CborValue.Decode(body).As(name);

    private static TileMessage Bare(ReadOnlyMemory<byte> rest, TileMessage message) =>
        rest.IsEmpty ? message : throw Malformed($"{rest.Length} bytes follow a message's end.");

    private static byte[] Write(FramePosition position)
    {
        var bytes = new byte[PositionSize];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, position.Stream);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), position.Frame);
        return bytes;
    }

    private static FramePosition ReadPosition(ReadOnlyMemory<byte> body)
    {
        if (body.Length < PositionSize)
        {
            throw Malformed("A message ends within a frame's position.");
        }

        var stream = BinaryPrimitives.ReadInt32LittleEndian(body.Span);
        var frame = BinaryPrimitives.ReadInt64LittleEndian(body.Span[4..]);
        return stream is >= 0 and < TileLimits.MaxStreams && frame >= 0
            ? new FramePosition(stream, frame)
            : throw Malformed("A frame's position is out of range.");
    }

    private static TileMessage ReadFrame(ReadOnlyMemory<byte> body) =>
        new TileMessage.Frame(ReadPosition(body), body[PositionSize..]);

    private static TileMessage ReadNeedFrame(ReadOnlyMemory<byte> body)
    {
        var position = ReadPosition(body);
        return Bare(body[PositionSize..], new TileMessage.NeedFrame(position));
    }

    private static TileMessage.Output ReadOutput(ReadOnlyMemory<byte> body)
    {
        if (body.Length < OutputHeaderSize || body.Length > OutputHeaderSize + TileLimits.ChunkSize || body.Span[1] > 1)
        {
            throw Malformed("An output message has no valid header.");
        }

        var kind = (StreamKind)body.Span[0];
        return kind is StreamKind.Model
            ? new TileMessage.Output(kind, body.Span[1] == 1, body[OutputHeaderSize..])
            : throw Malformed($"The output kind {body.Span[0]} is not defined.");
    }

    private static CborMap Write(TileMessage.Probe probe) => CborMap.Of(
        ("files", Texts(probe.Files)),
        ("secrets", Texts(probe.Secrets)),
        ("environment", Texts(probe.Environment)),
        ("namespaces", Texts(probe.Namespaces)),
        ("port", probe.Port),
        ("socket", probe.Socket));

    private static TileMessage.Probe ReadProbe(CborField field) => field.ReadMap(map => new TileMessage.Probe
    {
        Files = ReadTexts(map.Required("files"), TileLimits.MaxProbed),
        Secrets = ReadTexts(map.Required("secrets"), TileLimits.MaxProbed),
        Environment = ReadTexts(map.Required("environment"), TileLimits.MaxProbed),
        Namespaces = ReadTexts(map.Required("namespaces"), TileLimits.MaxProbed),
        Port = map.Required("port").AsInt32(1, ushort.MaxValue),
        Socket = map.Required("socket").AsText(64),
    });

    private static TileMessage.Probed ReadProbed(CborField field) =>
        field.ReadMap(map => new TileMessage.Probed(ReadTexts(map.Required("findings"), TileLimits.MaxFindings)));

    private static CborArray Texts(IEnumerable<string> texts) => new(texts.Select(text => (CborValue)text));

    private static ImmutableArray<string> ReadTexts(CborField field, int most) =>
        [.. field.AsArray(most).Select(text => text.AsText(TileLimits.MaxTextLength))];

    private static CborMap Write(TileMessage.Configure configure) => CborMap.Of(
        ("plan", configure.Plan.ToCbor()),
        ("streams", new CborArray(configure.Streams.Select(Write))),
        ("program_size", configure.ProgramSize),
        ("memory", configure.MemoryBytes),
        ("checkpoint_every", configure.CheckpointEveryEpochs),
        ("first_epoch", configure.FirstEpoch));

    private static TileMessage.Configure ReadConfigure(CborField field) => field.ReadMap(map => new TileMessage.Configure(
        TrainingPlan.FromCbor(map.Required("plan")),
        [.. map.Required("streams").AsArray(TileLimits.MaxStreams).Select(ReadStream)],
        map.Required("program_size").AsInt64(1, TileLimits.MaxProgramSize))
    {
        MemoryBytes = map.Required("memory").AsInt64(1, TileLimits.MaxMemory),
        CheckpointEveryEpochs = map.Required("checkpoint_every").AsInt32(0),
        FirstEpoch = map.Required("first_epoch").AsInt32(0),
    });

    private static CborValue Write(TileStream stream) => CborMap.Of(
        ("id", stream.Id),
        ("role", stream.Role == StreamRole.Train ? "train" : "evaluate"),
        ("schema", stream.Schema.ToCbor()),
        ("frame_size", stream.FrameSize),
        ("records", stream.Records));

    private static TileStream ReadStream(CborField field)
    {
        var stream = field.ReadMap(map => new TileStream(
            map.Required("id").AsText(TileLimits.MaxTextLength),
            ReadRole(map.Required("role")),
            DataSchema.FromCbor(map.Required("schema")),
            map.Required("frame_size").AsInt32(1, StreamLimits.MaxFrameSize),
            map.Required("records").AsInt64(0, ReadSchedule.MaxRecords)));
        return stream.FrameSize % stream.Schema.RecordSize == 0
            ? stream
            : throw field.OutOfRange("has a frame size that is no multiple of its record size");
    }

    private static StreamRole ReadRole(CborField field) => field.AsText(16) switch
    {
        "train" => StreamRole.Train,
        "evaluate" => StreamRole.Evaluate,
        _ => throw field.OutOfRange("is not one of train, evaluate"),
    };

    private static CborMap Write(TileMessage.Progress progress) => CborMap.Of(
        ("epoch", progress.Epoch),
        ("step", progress.Step),
        ("metrics", new CborMap(progress.Metrics.Select(metric => ((CborValue)metric.Name, (CborValue)metric.Value)))));

    private static TileMessage.Progress ReadProgress(CborField field) => field.ReadMap(map => new TileMessage.Progress(
        map.Required("epoch").AsInt32(0),
        map.Required("step").AsInt64(0),
        ReadMetrics(map.Required("metrics"))));

    private static ImmutableArray<Metric> ReadMetrics(CborField field)
    {
        if (field.Value is not CborMap { Entries: { Length: <= TileLimits.MaxMetrics } entries })
        {
            throw field.OutOfRange($"is not a map of at most {TileLimits.MaxMetrics} metrics");
        }

        return [.. entries.Select(entry => new Metric(entry.Key.As("metric").AsText(64), entry.Value.As(field.Path).AsDouble()))];
    }

    private static CborMap Write(TileMessage.Failed failed) => CborMap.Of(
        ("code", failed.Code), ("class", (long)failed.Class), ("message", failed.Message), ("remedy", failed.Remedy));

    private static TileMessage.Failed ReadFailed(CborField field) => field.ReadMap(map => new TileMessage.Failed(
        map.Required("code").AsText(64),
        map.Required("class").AsEnum<ErrorClass>(),
        map.Required("message").AsText(TileLimits.MaxTextLength),
        map.Required("remedy").AsText(TileLimits.MaxTextLength)));

    private static CborMap Write(TileMessage.Done done) => CborMap.Of(
        ("epochs", done.Epochs),
        ("steps", done.Steps),
        ("training_us", done.TrainingMicroseconds),
        ("waiting_us", done.WaitingMicroseconds));

    private static TileMessage.Done ReadDone(CborField field) => field.ReadMap(map => new TileMessage.Done(
        map.Required("epochs").AsInt32(0),
        map.Required("steps").AsInt64(0),
        map.Required("training_us").AsInt64(0),
        map.Required("waiting_us").AsInt64(0)));

    private static OrchestratorException Malformed(string message) => new(TileErrors.MessageMalformed, message);
}
