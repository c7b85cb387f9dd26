using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Tests;

namespace Orchestrator.Crypto.Tests.Cose;

/// <summary>Messages that another implementation made, with the intermediate values.</summary>
public class CoseSign1VectorTests
{
    [Fact]
    public void Parse_EveryVector_ShowsItsHeader() => ForEach(vector =>
    {
        CoseHeader header = CoseSign1.Parse(vector.Hex("message")).Header;
        Assert.Equal(vector.GetProperty("algorithm").GetInt32(), (int)header.Algorithm);
        Assert.Equal(vector.GetProperty("content_type").GetString(), header.ContentType);
        Assert.Equal(vector.Hex("key_id"), header.KeyId.ToArray());
        Assert.Equal(Certificates(vector), header.Certificates.Select(c => c.ToArray()));
    });

    [Fact]
    public void ToBeSigned_EveryVector_IsIts() => ForEach(vector =>
        Assert.Equal(vector.Hex("to_be_signed"), CoseSign1.ToBeSigned(vector.Hex("protected"), vector.Hex("payload"), vector.Hex("external_aad"))));

    [Fact]
    public void TryVerify_EveryVector_GivesItsPayload() => ForEach(vector =>
    {
        var message = CoseSign1.Parse(vector.Hex("message"));
        Assert.True(TryVerify(message, vector, out VerifiedPayload? payload));
        Assert.Equal(vector.Hex("payload"), payload!.Bytes.ToArray());
        Assert.Same(message.Header, payload.Header);
    });

    [Fact]
    public void Sign_EdDsaVector_GivesItsMessage()
    {
        int count = 0;
        ForEach(vector =>
        {
            if (vector.GetProperty("algorithm").GetInt32() == (int)CoseAlgorithm.EdDsa)
            {
                using var key = PartySigningKey.Import(vector.Hex("private_key"));
                byte[] message = CoseSign1.Sign(key, vector.GetProperty("content_type").GetString()!, vector.Hex("key_id"), vector.Hex("payload"), vector.Hex("external_aad"));
                Assert.Equal(vector.Hex("message"), message);
                count++;
            }
        });
        Assert.NotEqual(0, count);
    }

    /// <summary>ECDSA signatures differ every time; all else of the message does not.</summary>
    [Fact]
    public void Sign_Es384Vector_GivesItsMessageButForTheSignature()
    {
        int count = 0;
        ForEach(vector =>
        {
            if (vector.GetProperty("algorithm").GetInt32() == (int)CoseAlgorithm.Es384)
            {
                using ECDsa key = P384Key(vector, withPrivate: true);
                byte[] message = CoseSign1.Sign(key, vector.GetProperty("content_type").GetString()!, vector.Hex("key_id"), Certificates(vector).Select(c => (ReadOnlyMemory<byte>)c), vector.Hex("payload"), vector.Hex("external_aad"));
                Assert.Equal(vector.Hex("message")[..^96], message[..^96]);
                Assert.True(TryVerify(CoseSign1.Parse(message), vector, out _));
                count++;
            }
        });
        Assert.NotEqual(0, count);
    }

    private static void ForEach(Action<JsonElement> check)
    {
        using JsonDocument document = Tree.Vectors("cose", "sign1.json");
        JsonElement vectors = document.RootElement.GetProperty("vectors");
        Assert.NotEqual(0, vectors.GetArrayLength());
        foreach (JsonElement vector in vectors.EnumerateArray())
        {
            check(vector);
        }
    }

    private static bool TryVerify(CoseSign1 message, JsonElement vector, out VerifiedPayload? payload)
    {
        string contentType = vector.GetProperty("content_type").GetString()!;
        byte[] externalAad = vector.Hex("external_aad");
        if (message.Header.Algorithm == CoseAlgorithm.EdDsa)
        {
            return message.TryVerify(VerificationKey.Import(vector.Hex("public_key")), contentType, out payload, externalAad);
        }

        using ECDsa key = P384Key(vector, withPrivate: false);
        return message.TryVerify(key, contentType, out payload, externalAad);
    }

    private static ECDsa P384Key(JsonElement vector, bool withPrivate)
    {
        byte[] point = vector.Hex("public_key");
        return ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP384,
            Q = new ECPoint { X = point[1..49], Y = point[49..] },
            D = withPrivate ? vector.Hex("private_key") : null,
        });
    }

    private static byte[][] Certificates(JsonElement vector) =>
        [.. vector.GetProperty("certificates").EnumerateArray().Select(c => Convert.FromHexString(c.GetString()!))];
}
