using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.HybridEncryption;

namespace Orchestrator.Attestation.Tests.Support;

/// <summary>Makes evidence as a device of a <see cref="TestVendor"/> would, with the claims changed on the way.</summary>
internal static class QuoteMaker
{
    public const string Party = "clinic";

    public static readonly Digest Manifest = Digest.Of("manifest"u8);

    public static readonly byte[] Nonce = [.. Enumerable.Range(0, Quote.NonceSize).Select(i => (byte)i)];

    public static Quote Claims(TestVendor vendor) => new()
    {
        Ueid = Quote.UeidOf(Measurement.Of(vendor.Dck.ExportSubjectPublicKeyInfo())),
        OemId = Quote.OemIdOf(Measurement.Of(vendor.Root.ExportSubjectPublicKeyInfo())),
        HardwareModel = "test-model",
        HardwareVersion = "1.2",
        DeviceId = Measurement.Of(vendor.DeviceId.ExportSubjectPublicKeyInfo()),
        Firmware = TestVendor.Firmware,
        SecurityVersion = 1,
        Debug = false,
        Mode = Quote.TrustedMode,
        Confined = true,
        Simulated = true,
        BootCounter = 3,
        Bootloader = Measurement.Of([4]),
        Manifest = Manifest,
        Session = new byte[Quote.SessionSize],
        SessionKey = HpkePublicKey.Import([.. Enumerable.Repeat((byte)9, HpkePublicKey.Size)]),
        Nonces = ImmutableSortedDictionary.Create<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal).Add(Party, Nonce).Add("lab", new byte[Quote.NonceSize]),
        Checkpoint = null,
    };

    public static Evidence Make(TestVendor vendor, Func<Quote, Quote>? alter = null) =>
        Evidence.Parse(Sign(vendor, (alter ?? (quote => quote))(Claims(vendor)).ToCbor()));

    public static byte[] Sign(TestVendor vendor, CborValue payload, ECDsa? key = null, string contentType = Evidence.ContentType) =>
        Sign(vendor, payload.Encode(), key, contentType);

    public static byte[] Sign(TestVendor vendor, byte[] payload, ECDsa? key = null, string contentType = Evidence.ContentType) => CoseSign1.Sign(
        key ?? vendor.Alias,
        contentType,
        Measurement.Of(vendor.Alias.ExportSubjectPublicKeyInfo()).ToArray(),
        vendor.Presented,
        payload);

    public static EvidenceVerifier Verifier(TestVendor vendor, Orchestrator.Attestation.Certificates.Collateral? collateral = null) =>
        new(vendor.Anchors, new FixedTime(TestVendor.Now), collateral ?? Orchestrator.Attestation.Certificates.Collateral.None);
}
