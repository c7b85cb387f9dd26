using Orchestrator.Tests;

namespace NSec.Cryptography.Tests;

public class Ed25519Tests
{
    private static readonly SignatureAlgorithm Algorithm = SignatureAlgorithm.Ed25519;

    /// <summary>RFC 8032 section 7.1: secret key, public key, message, signature.</summary>
    public static TheoryData<string, string, string, string> Rfc8032 => new()
    {
        {
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        },
        {
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        },
        {
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        },
        {
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        },
    };

    [Theory]
    [MemberData(nameof(Rfc8032))]
    public void Sign_RfcVector_GivesItsSignature(string secretKey, string publicKey, string message, string signature)
    {
        using var key = Key.Import(Algorithm, Convert.FromHexString(secretKey), KeyBlobFormat.RawPrivateKey);
        byte[] data = Convert.FromHexString(message);

        Assert.Equal(publicKey, Convert.ToHexStringLower(key.PublicKey.Export(KeyBlobFormat.RawPublicKey)));
        Assert.Equal(signature, Convert.ToHexStringLower(Algorithm.Sign(key, data)));
        Assert.True(Algorithm.Verify(key.PublicKey, data, Convert.FromHexString(signature)));
    }

    [Fact]
    public void Verify_Wycheproof_GivesItsVerdicts()
    {
        using var vectors = Wycheproof.Open("ed25519_test.json");
        vectors.Check((group, test) =>
        {
            var publicKey = PublicKey.Import(Algorithm, group.GetProperty("publicKey").Hex("pk"), KeyBlobFormat.RawPublicKey);
            return Algorithm.Verify(publicKey, test.Hex("msg"), test.Hex("sig")) == (test.Result() == "valid");
        });
    }

    /// <summary>Points of small order and encodings that are not canonical: as a public key each would verify something for anyone.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void Verify_SmallOrderKey_RefusesItsTrivialSignature(string point)
    {
        // With A and R the neutral element and S = 0, S*B = R + h*A holds for every message.
        byte[] signature = new byte[64];
        signature[0] = 1;
        var publicKey = PublicKey.Import(Algorithm, Convert.FromHexString(point), KeyBlobFormat.RawPublicKey);
        for (byte message = 0; message < 16; message++)
        {
            Assert.False(Algorithm.Verify(publicKey, [message], signature));
        }
    }

    [Fact]
    public void Verify_AnyBitFlipped_IsFalse()
    {
        using Key key = FixedKey.Import(Algorithm);
        byte[] data = "message"u8.ToArray();
        byte[] signature = Algorithm.Sign(key, data);
        for (int bit = 0; bit < signature.Length * 8; bit++)
        {
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Algorithm.Verify(key.PublicKey, data, signature), $"bit {bit}");
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(Algorithm.Verify(key.PublicKey, data, signature));
    }

    [Fact]
    public void Sign_KeyOfAnotherAlgorithm_Throws()
    {
        using var key = Key.Create(KeyAgreementAlgorithm.X25519);
        Assert.Throws<ArgumentException>(() => Algorithm.Sign(key, []));
    }
}
