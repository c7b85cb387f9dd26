using System.Collections.Immutable;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;

namespace Orchestrator.Attestation.Quotes;

/// <summary>
/// What a device claims of itself and of the session that it offers: the claims of an entity attestation token (EAT, RFC 9711).
/// Claims only: <see cref="VerifiedQuote"/> says that a device made them.
/// </summary>
public sealed record Quote
{
    /// <summary>Names the format and its version. The authority is one that nobody can own (RFC 2606).</summary>
    public const string Profile = "tag:orchestrator.invalid,2026:quote/v2";

    /// <summary>The mode in which host access is locked out.</summary>
    public const string TrustedMode = "trusted";

    /// <summary>The mode in which the host may do as it likes.</summary>
    public const string OrdinaryMode = "ordinary";

    /// <summary>Bytes of a session identifier.</summary>
    public const int SessionSize = 16;

    /// <summary>Bytes of a party's nonce.</summary>
    public const int NonceSize = 32;

    /// <summary>Bytes of a universal entity identifier: its type and 256 bits.</summary>
    public const int UeidSize = 33;

    /// <summary>Bytes of a manufacturer's identifier of the random kind.</summary>
    public const int OemIdSize = 16;

    /// <summary>The longest name of a hardware model or version, in bytes.</summary>
    public const int MaxHardwareName = 32;

    /// <summary>Most parties of a job.</summary>
    public const int MaxParties = 4096;

    /// <summary>Most prepare stages of a job.</summary>
    public const int MaxStages = 16;

    private const byte RandomUeid = 0x01;

    /// <summary>Names the device for life: <see cref="UeidOf"/> of its DCK, 33 bytes.</summary>
    public required ReadOnlyMemory<byte> Ueid { get; init; }

    /// <summary>Names the vendor: <see cref="OemIdOf"/> of its root key, 16 bytes.</summary>
    public required ReadOnlyMemory<byte> OemId { get; init; }

    /// <summary>The hardware's model, in printable ASCII.</summary>
    public required string HardwareModel { get; init; }

    /// <summary>The hardware's version, in printable ASCII.</summary>
    public required string HardwareVersion { get; init; }

    /// <summary>The <see cref="Certificates.AttestationKey.Id"/> of the DeviceID key: names the device under its present firmware.</summary>
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

    /// <summary>The checkpoint that the session would resume from; <see langword="null"/> starts from the beginning.</summary>
    public CheckpointClaim? Checkpoint { get; init; }

    /// <summary>SHA-256 of the statement of each stage whose output the session would read, by stage; empty for a job without stages.</summary>
    public ImmutableSortedDictionary<string, Digest> Preparations { get; init; } = ImmutableSortedDictionary<string, Digest>.Empty;

    /// <summary>The universal entity identifier of the device with a given DCK (RFC 9711, section 4.2.1: of type RAND, made by a hash).</summary>
    /// <param name="dck">The <see cref="Certificates.AttestationKey.Id"/> of the DCK.</param>
    public static ReadOnlyMemory<byte> UeidOf(Measurement dck) => (byte[])[RandomUeid, .. dck.ToArray().AsSpan(0, UeidSize - 1)];

    /// <summary>The identifier of the vendor with a given root (RFC 9711, section 4.2.3.1: of the random kind).</summary>
    /// <param name="root">The <see cref="Certificates.AttestationKey.Id"/> of the root's key.</param>
    public static ReadOnlyMemory<byte> OemIdOf(Measurement root) => root.ToArray().AsMemory(0, OemIdSize);

    /// <summary>The claims as an EAT claims set; table in <c>docs/spec/quote.md</c>.</summary>
    public CborValue ToCbor() => QuoteCodec.Encode(this);

    /// <summary>Reads what <see cref="ToCbor"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static Quote FromCbor(CborField field) => QuoteCodec.Decode(field);
}
