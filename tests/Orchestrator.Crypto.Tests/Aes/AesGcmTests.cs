using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Tests;

namespace Orchestrator.Crypto.Tests.Aes;

/// <summary>AES-256-GCM as frames, keys and results are sealed with it: nonces of 12 bytes, tags of 16.</summary>
public class AesGcmTests
{
    private const int NonceBits = 96;

    [Fact]
    public void Encrypt_NistVectors_GiveTheirCiphertextAndTag() => ForEach(vector =>
    {
        using var aes = new AesGcm(vector.Hex("key"), 16);
        byte[] plaintext = vector.Hex("pt");
        byte[] ciphertext = new byte[plaintext.Length];
        byte[] tag = new byte[16];
        aes.Encrypt(vector.Hex("iv"), plaintext, ciphertext, tag, vector.Hex("aad"));
        Assert.Equal(vector.Hex("ct"), ciphertext);
        Assert.Equal(vector.Hex("tag"), tag);
        Assert.Equal(plaintext, TryDecrypt(vector.Hex("key"), vector.Hex("iv"), ciphertext, tag, vector.Hex("aad")));
    });

    [Fact]
    public void Decrypt_NistVectorsWithAnyPartAltered_AreRefused() => ForEach(vector =>
    {
        foreach (string part in (string[])["key", "iv", "ct", "tag", "aad"])
        {
            byte[] Part(string name)
            {
                byte[] bytes = vector.Hex(name);
                return name != part ? bytes : bytes.Length == 0 ? [0] : [.. bytes[..^1], (byte)(bytes[^1] ^ 0x80)];
            }

            Assert.Null(TryDecrypt(Part("key"), Part("iv"), Part("ct"), Part("tag"), Part("aad")));
        }
    });

    /// <summary>Other nonce sizes are not used, and the platform refuses them.</summary>
    [Fact]
    public void Decrypt_Wycheproof_GivesItsVerdicts()
    {
        using var vectors = Wycheproof.Open("aes_gcm_test.json");
        vectors.Check((group, test) =>
        {
            if (group.GetProperty("ivSize").GetInt32() != NonceBits)
            {
                return Assert.ThrowsAny<ArgumentException>(() => TryDecrypt(test)) is not null;
            }

            byte[]? plaintext = TryDecrypt(test);
            return test.Result() == "valid" ? plaintext.AsSpan().SequenceEqual(test.Hex("msg")) : plaintext is null;
        });
    }

    private static byte[]? TryDecrypt(JsonElement test) =>
        TryDecrypt(test.Hex("key"), test.Hex("iv"), test.Hex("ct"), test.Hex("tag"), test.Hex("aad"));

    private static byte[]? TryDecrypt(byte[] key, byte[] nonce, byte[] ciphertext, byte[] tag, byte[] aad)
    {
        using var aes = new AesGcm(key, tag.Length);
        byte[] plaintext = new byte[ciphertext.Length];
        try
        {
            aes.Decrypt(nonce, ciphertext, tag, plaintext, aad);
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static void ForEach(Action<JsonElement> check)
    {
        using JsonDocument document = Tree.Vectors("aes-256-gcm", "nist.json");
        JsonElement vectors = document.RootElement.GetProperty("vectors");
        Assert.NotEqual(0, vectors.GetArrayLength());
        foreach (JsonElement vector in vectors.EnumerateArray())
        {
            check(vector);
        }
    }
}
