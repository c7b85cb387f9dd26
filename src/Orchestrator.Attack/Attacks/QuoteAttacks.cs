using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.HybridEncryption;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Quotes replayed, altered, signed anew; and devices that are not what they should be.</summary>
internal static class QuoteAttacks
{
    private const string NotSigned = "attestation-signature-invalid";
    private const string Malformed = "attestation-evidence-malformed";

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        new QuoteAttack(Card("replay-quote", "shows the parties a genuine quote of an earlier session", Freshness, "release-nonce-mismatch"), _ => material.Earlier.Quote!),
        .. Altered(),
        .. Devices(),
    ];

    private static IEnumerable<Attack> Altered() =>
    [
        Alter("flip-claim-bit", "flips a bit of the quote's claims", Integrity, NotSigned, parts => parts with { Payload = Bytes.Flip(parts.Payload, -3) }),
        Alter("flip-signature-bit", "flips a bit of the quote's signature", Integrity, NotSigned, parts => parts with { Signature = Bytes.Flip(parts.Signature) }),
        Alter("flip-certificate-bit", "flips a bit of a certificate in the quote", Integrity, "attestation-chain-broken", parts => parts with { Header = Bytes.Flip(parts.Header, -1) }),
        Alter("substitute-session-key", "writes a session key of its own into the quote, to read the key packages", Confidentiality, NotSigned, parts =>
            parts.WithClaims(claims => claims with { SessionKey = OwnKey() })),
        Alter("claim-confinement", "writes other claims into the quote", Integrity, NotSigned, parts => parts.WithClaims(claims => claims with { Confined = !claims.Confined })),
        Alter("refresh-boot-counter", "writes a later boot into the quote", Freshness, NotSigned, parts => parts.WithClaims(claims => claims with { BootCounter = claims.BootCounter + 1 })),
        Whole("sign-quote-anew", "signs the quote with a key of its own, under the device's certificates", Binding, NotSigned, quote =>
            SignedParts.Of(quote).WithClaims(claims => claims with { SessionKey = OwnKey() }).SignedAnew()),
        Whole("truncate-quote", "cuts the end off the quote", Integrity, Malformed, quote => Bytes.Cut(quote, 1)),
        Whole("extend-quote", "appends a byte to the quote", Integrity, Malformed, quote => Bytes.Append(quote, 0)),
        Whole("empty-quote", "shows an empty quote", Integrity, Malformed, _ => ByteString.Empty),
    ];

    private static IEnumerable<Attack> Devices() =>
    [
        Device("foreign-root", "rents out a device of another vendor's making", "attestation-root-unknown"),
        Device("debug", "rents out a device with debugging enabled", "release-device-debug"),
        Device("stale-firmware", "rents out a device with old firmware", "release-security-version-low"),
        Device("wrong-firmware", "rents out a device with changed firmware", "release-firmware-unknown"),
        Device("wrong-bootloader", "rents out a device with another bootloader on its tiles", "release-firmware-unknown"),
        Device("forged-measurement", "rents out a device that quotes other firmware than it runs", "attestation-claims-disagree"),
        Device("forged-hardware", "rents out a simulated device that denies it", "attestation-claims-disagree"),
        Device("ordinary-mode", "rents out a device that has not locked it out", "release-mode-untrusted"),
        Device("no-confinement", "rents out a device whose tiles run without confinement", "release-tiles-unconfined"),
        Device("revoked", "rents out a device that its vendor has revoked", "attestation-revoked"),
        Device("expired-chain", "rents out a device with an expired certificate", "attestation-certificate-expired"),
        Device("replayed-nonce", "rents out a device that quotes the nonces of an earlier session", "release-nonce-mismatch"),
    ];

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Agents, code);

    private static QuoteAttack Alter(string name, string deed, SecurityProperty tests, string code, Func<SignedParts, SignedParts> alter) =>
        Whole(name, deed, tests, code, quote => alter(SignedParts.Of(quote)).Join());

    private static QuoteAttack Whole(string name, string deed, SecurityProperty tests, string code, Func<ByteString, ByteString> alter) =>
        new(Card(name, deed, tests, code), reply => new QuoteReply(reply) { Evidence = alter(reply.Evidence) });

    private static DeviceAttack Device(string fault, string deed, string code) => new(Card(fault, deed, Binding, code), "--fault", fault);

    private static HpkePublicKey OwnKey()
    {
        using HpkePrivateKey own = HpkePrivateKey.Generate();
        return own.PublicKey;
    }
}
