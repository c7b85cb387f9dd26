using System.Collections.Immutable;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;

namespace Orchestrator.Attestation.Quotes;

/// <summary>What a device claims of itself and of the session that it offers. Claims only: <see cref="VerifiedQuote"/> says that a device made them.</summary>
public sealed record Quote
{
    /// <summary>Names the format and its version.</summary>
    public const string Profile = "orchestrator/quote/v1";

    /// <summary>The mode in which host access is locked out.</summary>
    public const string TrustedMode = "trusted";

    /// <summary>The mode in which the host may do as it likes.</summary>
    public const string OrdinaryMode = "ordinary";

    /// <summary>Bytes of a session identifier.</summary>
    public const int SessionSize = 16;

    /// <summary>Bytes of a party's nonce.</summary>
    public const int NonceSize = 32;

    /// <summary>Most parties of a job.</summary>
    public const int MaxParties = 4096;

    /// <summary>The <see cref="Certificates.AttestationKey.Id"/> of the DeviceID key.</summary>
    public required Measurement DeviceId { get; init; }

    /// <summary>What the device runs.</summary>
    public required FirmwareMeasurements Firmware { get; init; }

    /// <summary>Security version of the firmware: raised whenever a flaw is mended. 0 is firmware that was never released.</summary>
    public required int SecurityVersion { get; init; }

    /// <summary>Whether debugging is enabled, which opens the device's memory.</summary>
    public required bool Debug { get; init; }

    /// <summary><see cref="TrustedMode"/> or <see cref="OrdinaryMode"/>.</summary>
    public required string Mode { get; init; }

    /// <summary>Whether the tiles run without network, files and other processes.</summary>
    public required bool Confined { get; init; }

    /// <summary>Whether the device is a simulation whose root of trust is software.</summary>
    public required bool Simulated { get; init; }

    /// <summary>How often the device has booted, from 1.</summary>
    public required long BootCounter { get; init; }

    /// <summary>The program that the autoloader puts on every tile.</summary>
    public required Measurement Bootloader { get; init; }

    /// <summary>SHA-256 of the manifest that the session will run.</summary>
    public required Digest Manifest { get; init; }

    /// <summary>The session's random identifier, 16 bytes.</summary>
    public required ReadOnlyMemory<byte> Session { get; init; }

    /// <summary>The session's fresh key, to which parties seal their key packages.</summary>
    public required HpkePublicKey SessionKey { get; init; }

    /// <summary>The parties' nonces, 32 bytes each, by party.</summary>
    public required ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> Nonces { get; init; }

    /// <summary>Digest of the checkpoint that the session would resume from; <see langword="null"/> starts from the beginning.</summary>
    public Digest? Checkpoint { get; init; }

    /// <summary>The claims as a CBOR map; byte table in <c>docs/spec/quote.md</c>.</summary>
    public CborValue ToCbor() => CborMap.Of(
        ("profile", Profile),
        ("device_id", DeviceId.ToArray()),
        ("firmware", Firmware.ToCbor()),
        ("security_version", SecurityVersion),
        ("debug", Debug),
        ("mode", Mode),
        ("confined", Confined),
        ("simulated", Simulated),
        ("boot_counter", BootCounter),
        ("bootloader", Bootloader.ToArray()),
        ("manifest", Manifest),
        ("session", Session),
        ("session_key", SessionKey.ToArray()),
        ("nonces", CborMap.Of(Nonces.Select(nonce => (nonce.Key, (CborValue?)nonce.Value)))),
        ("checkpoint", Checkpoint is { } checkpoint ? checkpoint : CborValue.Null));

    /// <summary>Reads what <see cref="ToCbor"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static Quote FromCbor(CborField field) => field.ReadMap(map =>
    {
        CborField profile = map.Required("profile");
        if (profile.AsText() != Profile)
        {
            throw profile.OutOfRange($"is not {Profile}");
        }

        CborField checkpoint = map.Required("checkpoint");
        return new Quote
        {
            DeviceId = new Measurement(map.Required("device_id").AsFixedBytes(Measurement.Size).Span),
            Firmware = FirmwareMeasurements.FromCbor(map.Required("firmware")),
            SecurityVersion = map.Required("security_version").AsInt32(min: 0),
            Debug = map.Required("debug").AsBool(),
            Mode = ReadMode(map.Required("mode")),
            Confined = map.Required("confined").AsBool(),
            Simulated = map.Required("simulated").AsBool(),
            BootCounter = map.Required("boot_counter").AsInt64(min: 1),
            Bootloader = new Measurement(map.Required("bootloader").AsFixedBytes(Measurement.Size).Span),
            Manifest = map.Required("manifest").AsDigest(),
            Session = map.Required("session").AsFixedBytes(SessionSize),
            SessionKey = HpkePublicKey.Import(map.Required("session_key").AsFixedBytes(HpkePublicKey.Size).Span),
            Nonces = ReadNonces(map.Required("nonces")),
            Checkpoint = checkpoint.IsNull ? null : checkpoint.AsDigest(),
        };
    });

    private static string ReadMode(CborField field) =>
        field.AsText() is TrustedMode or OrdinaryMode ? field.AsText() : throw field.OutOfRange($"is neither {TrustedMode} nor {OrdinaryMode}");

    private static ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> ReadNonces(CborField field)
    {
        if (field.Value is CborMap { Entries.Length: > MaxParties })
        {
            throw field.OutOfRange($"has more than {MaxParties} entries");
        }

        var nonces = ImmutableSortedDictionary.CreateBuilder<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        return field.ReadMap(map =>
        {
            foreach (string party in (field.Value as CborMap)!.Entries.Select(entry => entry.Key).OfType<CborText>().Select(key => key.Value))
            {
                nonces.Add(party, map.Required(party).AsFixedBytes(NonceSize));
            }

            return nonces.ToImmutable();
        });
    }
}
