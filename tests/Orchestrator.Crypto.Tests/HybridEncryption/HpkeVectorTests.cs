using System.Text.Json;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Tests;

namespace Orchestrator.Crypto.Tests.HybridEncryption;

/// <summary>The RFC's vector for this suite, step by step.</summary>
public sealed class HpkeVectorTests : IDisposable
{
    private readonly JsonDocument _document = Tree.Vectors("hpke", "base-x25519-sha256-aes256gcm.json");
    private readonly HpkePrivateKey _ephemeral;
    private readonly HpkePrivateKey _recipient;

    public HpkeVectorTests()
    {
        _ephemeral = HpkePrivateKey.Import(Vector.Hex("skEm"));
        _recipient = HpkePrivateKey.Import(Vector.Hex("skRm"));
    }

    private JsonElement Vector => _document.RootElement;

    [Fact]
    public void PublicKeys_OfVector_AreIts()
    {
        Assert.Equal(Vector.Hex("pkEm"), _ephemeral.PublicKey.ToArray());
        Assert.Equal(Vector.Hex("pkRm"), _recipient.PublicKey.ToArray());
    }

    [Fact]
    public void KemSecret_FromBothSides_IsItsSharedSecret()
    {
        byte[] sent = new byte[32];
        byte[] received = new byte[32];
        Assert.True(DhKem.TryEncapsulate(_ephemeral, _recipient.PublicKey, sent));
        Assert.True(DhKem.TryDecapsulate(_recipient, _ephemeral.PublicKey, received));
        Assert.Equal(Vector.Hex("shared_secret"), sent);
        Assert.Equal(sent, received);
    }

    [Fact]
    public void KeySchedule_OfVector_GivesItsKeyAndNonce()
    {
        var hkdf = new LabeledHkdf([.. "HPKE"u8, 0, 0x20, 0, 1, 0, 2]);
        byte[] context = HpkeContext.ScheduleContext(Vector.Hex("info"));
        byte[] secret = new byte[32];
        byte[] key = new byte[32];
        byte[] nonce = new byte[12];
        hkdf.Extract(Vector.Hex("shared_secret"), "secret"u8, [], secret);
        hkdf.Expand(secret, "key"u8, context, key);
        hkdf.Expand(secret, "base_nonce"u8, context, nonce);
        Assert.Equal(Vector.Hex("key_schedule_context"), context);
        Assert.Equal(Vector.Hex("secret"), secret);
        Assert.Equal(Vector.Hex("key"), key);
        Assert.Equal(Vector.Hex("base_nonce"), nonce);
    }

    [Fact]
    public void Context_EverySequenceNumber_GivesItsCiphertext()
    {
        using var sealing = new HpkeContext(Vector.Hex("shared_secret"), Vector.Hex("info"));
        using var opening = new HpkeContext(Vector.Hex("shared_secret"), Vector.Hex("info"));
        var expected = Vector.GetProperty("encryptions").EnumerateArray().ToDictionary(e => e.GetProperty("sequence").GetInt32());
        Assert.NotEmpty(expected);
        for (int sequence = 0; sequence <= expected.Keys.Max(); sequence++)
        {
            JsonElement? vector = expected.TryGetValue(sequence, out JsonElement found) ? found : null;
            byte[] aad = vector?.Hex("aad") ?? [];
            byte[] plaintext = vector?.Hex("pt") ?? [];
            byte[] ciphertext = new byte[plaintext.Length + 16];
            byte[] opened = new byte[plaintext.Length];
            sealing.Seal(aad, plaintext, ciphertext);
            Assert.True(opening.TryOpen(aad, ciphertext, opened));
            Assert.Equal(plaintext, opened);
            Assert.Equal(vector?.Hex("ct") ?? ciphertext, ciphertext);
        }
    }

    [Fact]
    public void SealAndTryOpen_FirstEncryption_AreIts()
    {
        JsonElement first = Vector.GetProperty("encryptions")[0];
        byte[] message = [.. Vector.Hex("pkEm"), .. first.Hex("ct")];
        Assert.Equal(message, Hpke.Seal(_ephemeral, _recipient.PublicKey, Vector.Hex("info"), first.Hex("aad"), first.Hex("pt")));
        Assert.True(Hpke.TryOpen(_recipient, Vector.Hex("info"), first.Hex("aad"), message, out byte[]? plaintext));
        Assert.Equal(first.Hex("pt"), plaintext);
    }

    public void Dispose()
    {
        _ephemeral.Dispose();
        _recipient.Dispose();
        _document.Dispose();
    }
}
