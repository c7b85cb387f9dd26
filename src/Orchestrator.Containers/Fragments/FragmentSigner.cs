using System.Formats.Cbor;
using System.Security.Cryptography;
using Orchestrator.Attestation.X509;

namespace Orchestrator.Containers.Fragments;

/// <summary>Signs fragments as <see cref="VerifiedFragment"/> takes them: COSE_Sign1 with ES384, chain, issuer and feed in the protected header.</summary>
public static class FragmentSigner
{
    private const long Es384 = -35;

    /// <summary>Signs a fragment.</summary>
    /// <param name="text">The fragment, UTF-8.</param>
    /// <param name="issuer">did:x509 of the signer.</param>
    /// <param name="feed">Its name.</param>
    /// <param name="chain">The signer's certificate first, the root last.</param>
    /// <param name="key">The signer's, on P-384.</param>
    /// <returns>The message.</returns>
    public static byte[] Sign(ReadOnlySpan<byte> text, string issuer, string feed, IReadOnlyList<SignedCertificate> chain, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(chain);
        ArgumentNullException.ThrowIfNull(key);
        byte[] header = Header(issuer, feed, chain);
        byte[] signature = key.SignData(ToBeSigned(header, text), HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteTag((CborTag)18);
        writer.WriteStartArray(4);
        writer.WriteByteString(header);
        writer.WriteStartMap(0);
        writer.WriteEndMap();
        writer.WriteByteString(text);
        writer.WriteByteString(signature);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static byte[] Header(string issuer, string feed, IReadOnlyList<SignedCertificate> chain)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(5);
        writer.WriteInt64(1);
        writer.WriteInt64(Es384);
        writer.WriteInt64(3);
        writer.WriteTextString(VerifiedFragment.ContentType);
        writer.WriteInt64(33);
        writer.WriteStartArray(chain.Count);
        foreach (SignedCertificate certificate in chain)
        {
            writer.WriteByteString(certificate.Der.Span);
        }

        writer.WriteEndArray();
        writer.WriteTextString("iss");
        writer.WriteTextString(issuer);
        writer.WriteTextString("feed");
        writer.WriteTextString(feed);
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static byte[] ToBeSigned(ReadOnlySpan<byte> header, ReadOnlySpan<byte> text)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(header);
        writer.WriteByteString([]);
        writer.WriteByteString(text);
        writer.WriteEndArray();
        return writer.Encode();
    }
}
