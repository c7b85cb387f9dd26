using System.Collections.Immutable;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Device.Runs;

/// <summary>
/// What the controller has to know of earlier sessions to go on, and to answer for the whole job in the receipt. It travels
/// in checkpoints, before the tiles' state (docs/spec/checkpoint.md).
/// </summary>
/// <param name="Sessions">Those that the checkpoint goes back to, in order.</param>
/// <param name="Streams">What they consumed, in the manifest's order.</param>
/// <param name="Metrics">The epochs' figures that may leave, the last epoch's among them.</param>
internal sealed record RunHistory(ImmutableArray<ReceiptSession> Sessions, ImmutableArray<ConsumedStream> Streams, ImmutableArray<TileMessage.Progress> Metrics)
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxBytes = 64 << 20;

    private const int MaxSessions = 1 << 16;
    private const int MaxStreams = 1 << 13;
    private const int MaxEpochs = 1 << 20;
    private static readonly CborLimits s_limits = new() { MaxBytes = MaxBytes, MaxItems = 1 << 22 };

    /// <summary>That of a job that begins.</summary>
    public static RunHistory None { get; } = new([], [], []);

    /// <summary>What earlier sessions consumed of a stream.</summary>
    public long ReadsOf(int stream) => Streams.FirstOrDefault(consumed => consumed.Stream == stream)?.Reads ?? 0;

    /// <summary>The deterministic encoding.</summary>
    public byte[] Encode() => CborMap.Of(
        ("sessions", new CborArray(Sessions.Select(session => session.ToCbor()))),
        ("streams", new CborArray(Streams.Select(stream => (CborValue)CborMap.Of(("id", stream.Stream), ("frames", stream.Frames), ("reads", stream.Reads))))),
        ("metrics", new CborArray(Metrics.Select(Encode)))).Encode();

    /// <summary>Reads what <see cref="Encode"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static RunHistory Decode(ReadOnlyMemory<byte> encoding) => CborValue.Decode(encoding, s_limits).As("history").ReadMap(map => new RunHistory(
        [.. map.Required("sessions").AsArray(MaxSessions).Select(ReceiptSession.FromCbor)],
        [.. map.Required("streams").AsArray(MaxStreams).Select(field => field.ReadMap(stream => new ConsumedStream(
            stream.Required("id").AsInt32(1), stream.Required("frames").AsInt64(0), stream.Required("reads").AsInt64(0))))],
        [.. map.Required("metrics").AsArray(MaxEpochs).Select(Decode)]));

    private static CborMap Encode(TileMessage.Progress epoch) => CborMap.Of(
        ("epoch", epoch.Epoch),
        ("step", epoch.Step),
        ("values", new CborMap(epoch.Metrics.Select(metric => ((CborValue)metric.Name, (CborValue)metric.Value)))));

    private static TileMessage.Progress Decode(CborField field) => field.ReadMap(map =>
    {
        CborField values = map.Required("values");
        CborMap metrics = values.Value as CborMap ?? throw values.OutOfRange("is not a map");
        return new TileMessage.Progress(
            map.Required("epoch").AsInt32(1),
            map.Required("step").AsInt64(0),
            [.. metrics.Entries.Select(entry => new Metric(entry.Key.As("metric").AsText(64), entry.Value.As("metric").AsDouble()))]);
    });
}
