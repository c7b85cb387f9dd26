using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cose;

/// <summary>
/// A signed object: COSE_Sign1 (RFC 9052 section 4.2) in deterministic CBOR, always with its tag, all headers protected,
/// the payload inside. Parsing shows what key is meant; only verification shows the payload. See <c>docs/spec/cose.md</c>.
/// </summary>
public sealed class CoseSign1
{
    private const ulong Tag = 18;
    private const int P384Bits = 384;
    private const string P384Oid = "1.3.132.0.34";
    private const int Es384SignatureSize = 96;

    private readonly ReadOnlyMemory<byte> _protectedHeader;
    private readonly ReadOnlyMemory<byte> _payload;
    private readonly ReadOnlyMemory<byte> _signature;

    private CoseSign1(ReadOnlyMemory<byte> protectedHeader, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> signature)
    {
        Header = CoseHeader.Decode(protectedHeader);
        _protectedHeader = protectedHeader;
        _payload = payload;
        _signature = signature;
    }

    /// <summary>What the message claims about itself; before verification, good only for finding the key.</summary>
    public CoseHeader Header { get; }

    /// <summary>Signs <paramref name="payload"/> as a party (EdDSA).</summary>
    /// <param name="key">The party's key.</param>
    /// <param name="contentType">What the payload is; verification asks for it, so that one object cannot pass for another.</param>
    /// <param name="keyId">Names the key to those who verify.</param>
    /// <param name="payload">The bytes to sign.</param>
    /// <param name="externalAad">Bound to the signature without being in the message; verification takes the same.</param>
    /// <returns>The encoded message.</returns>
    /// <exception cref="ArgumentException">A header value is empty or over the limits of <see cref="CoseHeader"/>.</exception>
    public static byte[] Sign(PartySigningKey key, string contentType, ReadOnlyMemory<byte> keyId, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> externalAad = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] header = CoseHeader.Create(CoseAlgorithm.EdDsa, contentType, keyId, []).Encode();
        byte[] toBeSigned = ToBeSigned(header, payload, externalAad);
        byte[] signature = key.Sign(toBeSigned);
        CryptographicOperations.ZeroMemory(toBeSigned);
        return Encode(header, payload, signature);
    }

    /// <summary>Signs <paramref name="payload"/> as a device (ES384, signature as r and s of 48 bytes each).</summary>
    /// <param name="key">A private key on P-384.</param>
    /// <param name="contentType">As for a party.</param>
    /// <param name="keyId">As for a party.</param>
    /// <param name="certificates">The chain of the key in DER, its own certificate first; may be empty.</param>
    /// <param name="payload">The bytes to sign.</param>
    /// <param name="externalAad">As for a party.</param>
    /// <returns>The encoded message.</returns>
    /// <exception cref="ArgumentException">The key is on another curve, or a header value is empty or over its limit.</exception>
    public static byte[] Sign(ECDsa key, string contentType, ReadOnlyMemory<byte> keyId, IEnumerable<ReadOnlyMemory<byte>> certificates, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> externalAad = default)
    {
        RequireP384(key);
        byte[] header = CoseHeader.Create(CoseAlgorithm.Es384, contentType, keyId, certificates).Encode();
        byte[] signature = key.SignData(ToBeSigned(header, payload, externalAad), HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return Encode(header, payload, signature);
    }

    /// <summary>Takes a message apart. Nothing of it is verified.</summary>
    /// <param name="message">Untrusted bytes.</param>
    /// <param name="limits">Of messages that may be larger than <see cref="CborLimits.Default"/> allows.</param>
    /// <exception cref="OrchestratorException"><see cref="CoseErrors.Malformed"/> or one of <see cref="CborErrors"/>.</exception>
    public static CoseSign1 Parse(ReadOnlyMemory<byte> message, CborLimits? limits = null)
    {
        if (CborValue.Decode(message, limits) is not CborTagged { Tag: Tag, Content: CborArray { Items: [CborBytes header, CborMap { Entries.IsEmpty: true }, CborBytes payload, CborBytes signature] } })
        {
            throw new OrchestratorException(CoseErrors.Malformed, "The message is not tag 18 over a protected header, an empty map, a payload and a signature.");
        }

        return new CoseSign1(header.Value, payload.Value, signature.Value);
    }

    /// <summary>Verifies a party's signature.</summary>
    /// <param name="key">The party's key.</param>
    /// <param name="contentType">What the payload has to be.</param>
    /// <param name="payload">The payload, or <see langword="null"/>.</param>
    /// <param name="externalAad">As for signing.</param>
    /// <returns><see langword="false"/> if algorithm, content type or signature is another.</returns>
    public bool TryVerify(VerificationKey key, string contentType, [NotNullWhen(true)] out VerifiedPayload? payload, ReadOnlySpan<byte> externalAad = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] toBeSigned = ToBeSigned(_protectedHeader.Span, _payload.Span, externalAad);
        bool verified = Claims(CoseAlgorithm.EdDsa, contentType) && key.Verify(toBeSigned, _signature.Span);
        CryptographicOperations.ZeroMemory(toBeSigned);
        payload = verified ? new VerifiedPayload(Header, _payload) : null;
        return verified;
    }

    /// <summary>Verifies a device's signature.</summary>
    /// <param name="key">A public key on P-384; whether it is a device's is not asked here.</param>
    /// <param name="contentType">What the payload has to be.</param>
    /// <param name="payload">The payload, or <see langword="null"/>.</param>
    /// <param name="externalAad">As for signing.</param>
    /// <returns><see langword="false"/> if algorithm, content type or signature is another.</returns>
    /// <exception cref="ArgumentException">The key is on another curve.</exception>
    public bool TryVerify(ECDsa key, string contentType, [NotNullWhen(true)] out VerifiedPayload? payload, ReadOnlySpan<byte> externalAad = default)
    {
        RequireP384(key);
        bool verified = Claims(CoseAlgorithm.Es384, contentType)
            && _signature.Length == Es384SignatureSize
            && key.VerifyData(ToBeSigned(_protectedHeader.Span, _payload.Span, externalAad), _signature.Span, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        payload = verified ? new VerifiedPayload(Header, _payload) : null;
        return verified;
    }

    // The key decides the algorithm; a message that claims another is refused before any signature is looked at.
    private bool Claims(CoseAlgorithm algorithm, string contentType)
    {
        ArgumentException.ThrowIfNullOrEmpty(contentType);
        return Header.Algorithm == algorithm && Header.ContentType == contentType;
    }

    /// <summary>The Sig_structure of RFC 9052 section 4.4.</summary>
    internal static byte[] ToBeSigned(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> externalAad) =>
        EncodeAndErase(new CborArray("Signature1", new CborBytes(protectedHeader), new CborBytes(externalAad), new CborBytes(payload)));

    private static byte[] Encode(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature) =>
        EncodeAndErase(new CborTagged(Tag, new CborArray(new CborBytes(protectedHeader), new CborMap(), new CborBytes(payload), new CborBytes(signature))));

    // A payload may hold keys: copies of it are wiped.
    private static byte[] EncodeAndErase(CborValue value)
    {
        byte[] encoding = value.Encode();
        value.Erase();
        return encoding;
    }

    private static void RequireP384(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.KeySize != P384Bits || key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value != P384Oid)
        {
            throw new ArgumentException("The key is not on P-384.", nameof(key));
        }
    }
}
