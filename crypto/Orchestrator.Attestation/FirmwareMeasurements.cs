using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Attestation;

/// <summary>What a device runs, part by part.</summary>
/// <param name="Ccu">The confidential compute unit's firmware: root of trust, mailbox, keys.</param>
/// <param name="Icu">The board controller's firmware image.</param>
/// <param name="Tiles">The software of the tiles: trainer, libtorch and what binds them.</param>
public sealed record FirmwareMeasurements(Measurement Ccu, Measurement Icu, Measurement Tiles)
{
    /// <summary>A map of three byte strings of 48 bytes: <c>ccu</c>, <c>icu</c>, <c>tiles</c>.</summary>
    public CborValue ToCbor() => CborMap.Of(("ccu", Ccu.ToArray()), ("icu", Icu.ToArray()), ("tiles", Tiles.ToArray()));

    /// <summary>Reads what <see cref="ToCbor"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static FirmwareMeasurements FromCbor(CborField field) => field.ReadMap(map => new FirmwareMeasurements(
        ReadMeasurement(map.Required("ccu")),
        ReadMeasurement(map.Required("icu")),
        ReadMeasurement(map.Required("tiles"))));

    /// <summary>The three measurements, for people.</summary>
    public override string ToString() => $"ccu {Ccu}, icu {Icu}, tiles {Tiles}";

    private static Measurement ReadMeasurement(CborField field) => new(field.AsFixedBytes(Measurement.Size).Span);
}
