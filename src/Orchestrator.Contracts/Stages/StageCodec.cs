using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Contracts.Stages;

/// <summary>A manifest's stages to deterministic CBOR and back.</summary>
internal static class StageCodec
{
    private const int MaxRootBytes = 16 * 1024;

    private static readonly Words<DeviceAllowances> Allowances = new(
        (DeviceAllowances.SimulatedDevices, "simulated_devices"),
        (DeviceAllowances.UnconfinedTiles, "unconfined_tiles"),
        (DeviceAllowances.UnknownRevocation, "unknown_revocation"));

    public static CborMap Encode(ManifestStage stage) => CborMap.Of(
        ("name", stage.Name),
        ("policy", stage.Policy),
        ("measurements", new CborArray(stage.Measurements.Select(measurement => (CborValue)measurement.ToArray()))),
        ("inputs", new CborArray(stage.Inputs.Select(Encode))),
        ("outputs", new CborArray(stage.Outputs.Select(output => CborMap.Of(("name", output.Name), ("stream", output.Stream))))),
        ("devices", CborMap.Of(
            ("roots", new CborArray(stage.Devices.Roots.Select(root => (CborValue)root))),
            ("allow", new CborArray(Allowances.All.Where(allowed => stage.Devices.Allow.HasFlag(allowed)).Select(allowed => (CborValue)Allowances.Of(allowed)))))));

    public static ManifestStage Read(CborField field) => field.ReadMap(map => new ManifestStage(
        map.Required("name").AsPartyName(),
        map.Required("policy").AsDigest(),
        [.. map.Required("measurements").AsArray(StageRules.MaxMeasurements).Select(item => new Measurement(item.AsFixedBytes(Measurement.Size).Span))],
        [.. map.Required("inputs").AsArray(StageRules.MaxInputs).Select(ReadInput)],
        [.. map.Required("outputs").AsArray(StageRules.MaxOutputs).Select(ReadOutput)],
        map.Required("devices").ReadMap(ReadDevices)));

    private static CborMap Encode(StageInput input) => CborMap.Of(
        ("name", input.Name),
        ("owner", input.Owner),
        ("digest", input.Digest),
        ("frame_size", input.FrameSize),
        ("frames", input.Frames),
        ("bytes", input.Bytes));

    private static StageInput ReadInput(CborField field) => field.ReadMap(map => new StageInput(
        map.Required("name").AsPartyName(),
        map.Required("owner").AsPartyName(),
        map.Required("digest").AsDigest(),
        map.Required("frame_size").AsInt32(StreamLimits.MinFrameSize, StreamLimits.MaxFrameSize),
        map.Required("frames").AsInt64(1, ManifestRules.MaxFrames),
        map.Required("bytes").AsInt64(0)));

    private static StageOutput ReadOutput(CborField field) => field.ReadMap(map => new StageOutput(
        map.Required("name").AsPartyName(), map.Required("stream").AsInt32(1, ManifestRules.MaxStreams)));

    private static StageDevices ReadDevices(CborMapReader map)
    {
        ImmutableArray<ReadOnlyMemory<byte>> roots = [.. map.Required("roots").AsArray(StageRules.MaxRoots).Select(root => root.AsBytes(MaxRootBytes))];
        DeviceAllowances allowed = DeviceAllowances.None;
        foreach (CborField item in map.Required("allow").AsArray(Allowances.All.Length))
        {
            DeviceAllowances next = Allowances.Read(item);

            // In order and without repetition, so that a set has one encoding.
            allowed = next > allowed ? allowed | next : throw item.OutOfRange("is out of order");
        }

        return new StageDevices(roots, allowed);
    }
}
