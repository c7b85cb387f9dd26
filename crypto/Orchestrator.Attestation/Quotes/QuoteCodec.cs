using System.Collections.Immutable;
using System.Text;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;

namespace Orchestrator.Attestation.Quotes;

/// <summary>A quote's claims as an EAT claims set (RFC 9711) in deterministic CBOR; table in <c>docs/spec/quote.md</c>.</summary>
internal static class QuoteCodec
{
    private const int DebugEnabled = 0;
    private const int DebugDisabledSinceBoot = 2;
    private const int MaxPartyName = 64;

    /// <summary>The claims as a map.</summary>
    public static CborValue Encode(Quote quote)
    {
        var claims = new List<(CborValue Key, CborValue Value)>
        {
            (Claim.Nonce, EncodeNonces(quote.Nonces.Values)),
            (Claim.Ueid, quote.Ueid),
            (Claim.OemId, quote.OemId),
            (Claim.HardwareModel, Encoding.UTF8.GetBytes(quote.HardwareModel)),
            (Claim.HardwareVersion, new CborArray((CborValue)quote.HardwareVersion)),
            (Claim.DebugStatus, quote.Debug ? DebugEnabled : DebugDisabledSinceBoot),
            (Claim.Profile, Quote.Profile),
            (Claim.BootCount, quote.BootCounter),
            (Claim.Measurements, SoftwareMeasurements.Encode(quote.Firmware, quote.Bootloader)),
            (Claim.Simulated, quote.Simulated),
            (Claim.Mode, quote.Mode),
            (Claim.Confined, quote.Confined),
            (Claim.SecurityVersion, quote.SecurityVersion),
            (Claim.DeviceId, quote.DeviceId.ToArray()),
            (Claim.Manifest, quote.Manifest),
            (Claim.Session, quote.Session),
            (Claim.SessionKey, quote.SessionKey.ToArray()),
            (Claim.Parties, new CborArray(quote.Nonces.Keys.Select(party => (CborValue)party))),
        };
        if (quote.Checkpoint is { } checkpoint)
        {
            claims.Add((Claim.Checkpoint, checkpoint.ToCbor()));
        }

        if (!quote.Preparations.IsEmpty)
        {
            claims.Add((Claim.Preparations, new CborMap(quote.Preparations.Select(stage => ((CborValue)stage.Key, (CborValue)stage.Value)))));
        }

        return new CborMap(claims);
    }

    /// <summary>Reads what <see cref="Encode"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static Quote Decode(CborField field) => field.ReadMap(map =>
    {
        CborField profile = map.Required(Claim.Profile, "eat_profile");
        if (profile.AsText() != Quote.Profile)
        {
            throw profile.OutOfRange($"is not {Quote.Profile}");
        }

        (FirmwareMeasurements firmware, Measurement bootloader) = SoftwareMeasurements.Decode(map.Required(Claim.Measurements, "measurements"));
        return new Quote
        {
            Ueid = map.Required(Claim.Ueid, "ueid").AsFixedBytes(Quote.UeidSize),
            OemId = map.Required(Claim.OemId, "oemid").AsFixedBytes(Quote.OemIdSize),
            HardwareModel = ReadModel(map.Required(Claim.HardwareModel, "hwmodel")),
            HardwareVersion = ReadVersion(map.Required(Claim.HardwareVersion, "hwversion")),
            Debug = ReadDebug(map.Required(Claim.DebugStatus, "dbgstat")),
            BootCounter = map.Required(Claim.BootCount, "bootcount").AsInt64(min: 1),
            Firmware = firmware,
            Bootloader = bootloader,
            Simulated = map.Required(Claim.Simulated, "simulated").AsBool(),
            Mode = ReadMode(map.Required(Claim.Mode, "mode")),
            Confined = map.Required(Claim.Confined, "confined").AsBool(),
            SecurityVersion = map.Required(Claim.SecurityVersion, "security_version").AsInt32(min: 0),
            DeviceId = new Measurement(map.Required(Claim.DeviceId, "device_id").AsFixedBytes(Measurement.Size).Span),
            Manifest = map.Required(Claim.Manifest, "manifest").AsDigest(),
            Session = map.Required(Claim.Session, "session").AsFixedBytes(Quote.SessionSize),
            SessionKey = HpkePublicKey.Import(map.Required(Claim.SessionKey, "session_key").AsFixedBytes(HpkePublicKey.Size).Span),
            Nonces = ReadNonces(map.Required(Claim.Nonce, "eat_nonce"), map.Required(Claim.Parties, "parties")),
            Checkpoint = map.Optional(Claim.Checkpoint, "checkpoint") is { } checkpoint ? CheckpointClaim.FromCbor(checkpoint) : null,
            Preparations = map.Optional(Claim.Preparations, "preparations") is { } stages ? ReadPreparations(stages) : ImmutableSortedDictionary<string, Digest>.Empty,
        };
    });

    // RFC 9711, section 4.1: one nonce stands alone, several stand in an array.
    private static CborValue EncodeNonces(IEnumerable<ReadOnlyMemory<byte>> nonces)
    {
        CborValue[] values = [.. nonces.Select(nonce => (CborValue)nonce)];
        return values is [var single] ? single : new CborArray(values);
    }

    private static ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> ReadNonces(CborField nonces, CborField parties)
    {
        ImmutableArray<CborField> values = nonces.Value is CborBytes ? [nonces] : nonces.AsArray(Quote.MaxParties);
        string[] names = [.. parties.AsArray(Quote.MaxParties).Select(party => party.AsText(MaxPartyName))];
        if (names.Length == 0 || values.Length != names.Length || (values.Length == 1 && nonces.Value is CborArray))
        {
            throw nonces.OutOfRange($"has {values.Length} nonces for {names.Length} parties");
        }

        if (!names.Zip(names.Skip(1)).All(pair => string.CompareOrdinal(pair.First, pair.Second) < 0))
        {
            throw parties.OutOfRange("is not in ordinal order, or names a party twice");
        }

        return names.Zip(values).ToImmutableSortedDictionary(
            pair => pair.First, pair => pair.Second.AsFixedBytes(Quote.NonceSize), StringComparer.Ordinal);
    }

    private static ImmutableSortedDictionary<string, Digest> ReadPreparations(CborField field)
    {
        CborMap map = field.Value as CborMap ?? throw field.OutOfRange("is not a map");
        return map.Entries.Length is > 0 and <= Quote.MaxStages
            ? map.Entries.ToImmutableSortedDictionary(entry => entry.Key.As($"{field.Path} key").AsText(MaxPartyName), entry => entry.Value.As(field.Path).AsDigest(), StringComparer.Ordinal)
            : throw field.OutOfRange($"has not 1 to {Quote.MaxStages} stages");
    }

    private static string ReadMode(CborField field) =>
        field.AsText() is Quote.TrustedMode or Quote.OrdinaryMode ? field.AsText() : throw field.OutOfRange($"is neither {Quote.TrustedMode} nor {Quote.OrdinaryMode}");

    // Of RFC 9711's five states (section 4.2.9) the two that this device can be in.
    private static bool ReadDebug(CborField field) => field.AsInt64() switch
    {
        DebugEnabled => true,
        DebugDisabledSinceBoot => false,
        _ => throw field.OutOfRange("is neither enabled nor disabled since boot"),
    };

    private static string ReadModel(CborField field)
    {
        ReadOnlySpan<byte> bytes = field.AsBytes(Quote.MaxHardwareName).Span;
        return IsName(bytes) ? Encoding.ASCII.GetString(bytes) : throw field.OutOfRange("is not a name in printable ASCII");
    }

    private static string ReadVersion(CborField field) =>
        field.AsArray(1) is [var version] && IsName(Encoding.UTF8.GetBytes(version.AsText(Quote.MaxHardwareName)))
            ? version.AsText()
            : throw field.OutOfRange("is not one version in printable ASCII");

    private static bool IsName(ReadOnlySpan<byte> bytes) => bytes.Length > 0 && !bytes.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e);

    /// <summary>Claim keys: IANA's for CWT, and private ones, which are below -65536 (RFC 8392, section 9.1).</summary>
    private static class Claim
    {
        public const long Nonce = 10;
        public const long Ueid = 256;
        public const long OemId = 258;
        public const long HardwareModel = 259;
        public const long HardwareVersion = 260;
        public const long DebugStatus = 263;
        public const long Profile = 265;
        public const long BootCount = 267;
        public const long Measurements = 273;

        public const long Simulated = -70000;
        public const long Mode = -70001;
        public const long Confined = -70002;
        public const long SecurityVersion = -70003;
        public const long DeviceId = -70004;
        public const long Manifest = -70005;
        public const long Session = -70006;
        public const long SessionKey = -70007;
        public const long Parties = -70008;
        public const long Checkpoint = -70009;
        public const long Preparations = -70010;
    }
}
