using Orchestrator.Tests;

namespace NSec.Cryptography.Tests;

public class X25519Tests
{
    private static readonly KeyAgreementAlgorithm Algorithm = KeyAgreementAlgorithm.X25519;

    private const string AlicePrivate = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    private const string AlicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    private const string BobPrivate = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    private const string BobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    private const string AliceAndBob = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

    /// <summary>RFC 7748: the vectors of section 5.2, and section 6.1 from both sides.</summary>
    [Theory]
    [InlineData("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")]
    [InlineData("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d", "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493", "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")]
    [InlineData(AlicePrivate, BobPublic, AliceAndBob)]
    [InlineData(BobPrivate, AlicePublic, AliceAndBob)]
    public void Agree_RfcVector_GivesItsSecret(string privateKey, string publicKey, string secret) =>
        Assert.Equal(secret, Agree(Convert.FromHexString(privateKey), Convert.FromHexString(publicKey)));

    [Theory]
    [InlineData(AlicePrivate, AlicePublic)]
    [InlineData(BobPrivate, BobPublic)]
    public void PublicKey_RfcVector_IsItsPublicKey(string privateKey, string publicKey)
    {
        using var key = Key.Import(Algorithm, Convert.FromHexString(privateKey), KeyBlobFormat.RawPrivateKey);
        Assert.Equal(publicKey, Convert.ToHexStringLower(key.PublicKey.Export(KeyBlobFormat.RawPublicKey)));
    }

    /// <summary>RFC 7748 section 5.2: after a thousand rounds of k, u = X25519(k, u), k.</summary>
    [Fact]
    public void Agree_ThousandRounds_GivesRfcValue()
    {
        byte[] k = [9, .. new byte[31]];
        byte[] u = [.. k];
        for (int round = 0; round < 1000; round++)
        {
            (k, u) = (Convert.FromHexString(Agree(k, u)!), k);
        }

        Assert.Equal("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51", Convert.ToHexStringLower(k));
    }

    /// <summary>RFC 7748 section 6.1 and RFC 9180 section 7.1.4: an all-zero secret is refused.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void Agree_PublicKeyOfSmallOrder_IsNull(string publicKey) =>
        Assert.Null(Agree(Convert.FromHexString(AlicePrivate), Convert.FromHexString(publicKey)));

    /// <summary>"acceptable" leaves a choice: zero secrets are refused here, every other one must be right.</summary>
    [Fact]
    public void Agree_Wycheproof_GivesItsSecrets()
    {
        using var vectors = Wycheproof.Open("x25519_test.json");
        vectors.Check((_, test) =>
        {
            string? secret = Agree(test.Hex("private"), test.Hex("public"));
            return test.Has("ZeroSharedSecret") ? secret is null : secret == test.GetProperty("shared").GetString();
        });
    }

    [Fact]
    public void Agree_KeysOfAnotherAlgorithm_Throws()
    {
        using var agreement = Key.Create(Algorithm);
        using var signature = Key.Create(SignatureAlgorithm.Ed25519);
        Assert.Throws<ArgumentException>(() => Algorithm.Agree(signature, agreement.PublicKey));
        Assert.Throws<ArgumentException>(() => Algorithm.Agree(agreement, signature.PublicKey));
    }

    private static string? Agree(byte[] privateKey, byte[] publicKey)
    {
        using var key = Key.Import(Algorithm, privateKey, KeyBlobFormat.RawPrivateKey);
        var other = PublicKey.Import(Algorithm, publicKey, KeyBlobFormat.RawPublicKey);
        using SharedSecret? secret = Algorithm.Agree(key, other, new SharedSecretCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        return secret is null ? null : Convert.ToHexStringLower(secret.Export(SharedSecretBlobFormat.RawSharedSecret));
    }
}
