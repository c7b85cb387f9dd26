using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Tests;

/// <summary>A transparency service with one key.</summary>
internal sealed class Ledger(string name)
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public string Name => name;

    /// <summary>Its key as trust lists carry it.</summary>
    public string Jwks
    {
        get
        {
            ECPoint point = _key.ExportParameters(false).Q;
            return $$"""{"keys": [{"kty": "EC", "crv": "P-384", "kid": "k1", "x": "{{Base64Url.EncodeToString(point.X)}}", "y": "{{Base64Url.EncodeToString(point.Y)}}"}]}""";
        }
    }

    /// <summary>A publisher's list of ledgers and their keys.</summary>
    public static Envelope TrustList(Publisher publisher, string subject, string svn, params IEnumerable<Ledger> ledgers) =>
        TrustList(publisher, subject, svn, $"{{{string.Join(',', ledgers.Select(ledger => $"\"{ledger.Name}\": {ledger.Jwks}"))}}}");

    /// <summary>The same, of any content.</summary>
    public static Envelope TrustList(Publisher publisher, string subject, string svn, string json)
    {
        Envelope envelope = publisher.Envelope(json);
        return envelope with
        {
            Protected =
            [
                envelope.Protected[0],
                (3, writer => writer.WriteTextString("application/transparency-trust-list+json")),
                envelope.Protected[2],
                (15, writer => Envelope.WriteMap(writer, [(1, claim => claim.WriteTextString(publisher.Issuer)), (2, claim => claim.WriteTextString(subject)), ("svn", claim => claim.WriteTextString(svn))])),
            ],
        };
    }

    /// <summary>A publisher's fragment with receipts, which are made from its digest.</summary>
    public static byte[] Fragment(Publisher publisher, string text, params IEnumerable<Func<byte[], byte[]>> receipts)
    {
        Envelope envelope = publisher.Envelope(text);
        byte[]? signature = null;
        envelope = envelope with { Sign = data => signature ??= publisher.Envelope("").Sign(data) };
        byte[] digest = SHA256.HashData(envelope.Encode());
        byte[][] given = [.. receipts.Select(receipt => receipt(digest))];
        return (envelope with
        {
            Unprotected =
            [
                (394, writer =>
                {
                    writer.WriteStartArray(given.Length);
                    Array.ForEach(given, receipt => writer.WriteByteString(receipt));
                    writer.WriteEndArray();
                }),
            ],
        }).Encode();
    }

    /// <summary>A receipt for a statement of this digest.</summary>
    public byte[] Receipt(byte[] digest, long profile = 2, string keyId = "k1", string? ledger = null, byte[]? payload = null)
    {
        byte[] transaction = SHA256.HashData([1]);
        byte[][] path = [SHA256.HashData([2]), SHA256.HashData([3])];
        byte[] leaf = SHA256.HashData([.. transaction, .. SHA256.HashData("evidence"u8), .. digest]);
        byte[] root = SHA256.HashData([.. SHA256.HashData([.. path[0], .. leaf]), .. path[1]]);
        byte[] header = Envelope.Write(writer => Envelope.WriteMap(
            writer,
            [
                (1, value => value.WriteInt64(-35)),
                (4, value => value.WriteByteString(Encoding.UTF8.GetBytes(keyId))),
                (395, value => value.WriteInt64(profile)),
                (15, value => Envelope.WriteMap(value, [(1, claim => claim.WriteTextString(ledger ?? name)), (6, claim => claim.WriteInt64(1))])),
            ]));
        byte[] signature = _key.SignData(Envelope.Write(writer => WriteArray(writer, "Signature1", header, Array.Empty<byte>(), root)), HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        byte[] proof = Envelope.Write(writer => Envelope.WriteMap(
            writer,
            [
                (1, value => WriteArray(value, transaction, "evidence", digest)),
                (2, value => WriteArray(value, new object[] { true, path[0] }, new object[] { false, path[1] })),
            ]));
        return Envelope.Write(writer =>
        {
            writer.WriteTag((CborTag)18);
            writer.WriteStartArray(4);
            writer.WriteByteString(header);
            Envelope.WriteMap(writer, [(396, value => Envelope.WriteMap(value, [(-1, inner => WriteArray(inner, proof))]))]);
            if (payload is null)
            {
                writer.WriteNull();
            }
            else
            {
                writer.WriteByteString(payload);
            }

            writer.WriteByteString(signature);
            writer.WriteEndArray();
        });
    }

    private static void WriteArray(CborWriter writer, params object[] items)
    {
        writer.WriteStartArray(items.Length);
        foreach (object item in items)
        {
            switch (item)
            {
                case string text: writer.WriteTextString(text); break;
                case byte[] bytes: writer.WriteByteString(bytes); break;
                case bool flag: writer.WriteBoolean(flag); break;
                default: WriteArray(writer, (object[])item); break;
            }
        }

        writer.WriteEndArray();
    }
}
