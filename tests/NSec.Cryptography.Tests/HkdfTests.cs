using Orchestrator.Tests;

namespace NSec.Cryptography.Tests;

public class HkdfTests
{
    private static string Range(int first, int last) => Convert.ToHexString([.. Enumerable.Range(first, last - first + 1).Select(i => (byte)i)]);

    private static string Repeat(string hex, int count) => string.Concat(Enumerable.Repeat(hex, count));

    /// <summary>RFC 5869 appendix A.1 to A.3: input, salt, info, pseudorandom key, output.</summary>
    public static TheoryData<string, string, string, string, string> Rfc5869 => new()
    {
        {
            Repeat("0b", 22), Range(0x00, 0x0c), Range(0xf0, 0xf9),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        },
        {
            Range(0x00, 0x4f), Range(0x60, 0xaf), Range(0xb0, 0xff),
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        },
        {
            Repeat("0b", 22), "", "",
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        },
    };

    [Theory]
    [MemberData(nameof(Rfc5869))]
    public void HkdfSha256_RfcVector_GivesItsKeys(string input, string salt, string info, string pseudorandomKey, string output)
    {
        HkdfSha256 hkdf = KeyDerivationAlgorithm.HkdfSha256;
        byte[] extracted = hkdf.Extract(Convert.FromHexString(input), Convert.FromHexString(salt));
        Assert.Equal(pseudorandomKey, Convert.ToHexStringLower(extracted));
        Assert.Equal(output, Convert.ToHexStringLower(hkdf.Expand(extracted, Convert.FromHexString(info), output.Length / 2)));
    }

    [Theory]
    [InlineData("hkdf_sha256_test.json")]
    [InlineData("hkdf_sha512_test.json")]
    public void ExtractAndExpand_Wycheproof_GivesItsKeys(string file)
    {
        KeyDerivationAlgorithm2 hkdf = file.Contains("512", StringComparison.Ordinal) ? KeyDerivationAlgorithm.HkdfSha512 : KeyDerivationAlgorithm.HkdfSha256;
        using var vectors = Wycheproof.Open(file);
        vectors.Check((_, test) =>
        {
            byte[] key = hkdf.Extract(test.Hex("ikm"), test.Hex("salt"));
            int size = test.GetProperty("size").GetInt32();
            if (test.Has("SizeTooLarge"))
            {
                return test.Result() == "invalid" && Assert.Throws<ArgumentOutOfRangeException>(() => hkdf.Expand(key, test.Hex("info"), size)) is not null;
            }

            return test.Result() == "valid" && hkdf.Expand(key, test.Hex("info"), size).AsSpan().SequenceEqual(test.Hex("okm"));
        });
    }

    [Fact]
    public void DeriveBytes_SharedSecret_IsExtractThenExpand()
    {
        using Key key = FixedKey.Import(KeyAgreementAlgorithm.X25519);
        using SharedSecret? secret = KeyAgreementAlgorithm.X25519.Agree(key, key.PublicKey, new SharedSecretCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        Assert.NotNull(secret);
        byte[] raw = secret.Export(SharedSecretBlobFormat.RawSharedSecret);
        foreach (KeyDerivationAlgorithm2 hkdf in (KeyDerivationAlgorithm2[])[KeyDerivationAlgorithm.HkdfSha256, KeyDerivationAlgorithm.HkdfSha512])
        {
            byte[] expected = hkdf.Expand(hkdf.Extract(raw, "salt"u8), "info"u8, 100);
            Assert.Equal(expected, hkdf.DeriveBytes(secret, "salt"u8, "info"u8, 100));
        }
    }

    [Fact]
    public void Expand_OutputOverInput_Throws()
    {
        byte[] buffer = new byte[64];
        Assert.Throws<ArgumentException>(() => KeyDerivationAlgorithm.HkdfSha256.Expand(buffer.AsSpan(0, 32), [], buffer.AsSpan(16, 32)));
    }

    [Fact]
    public void Expand_ShortKey_Throws() =>
        Assert.Throws<ArgumentException>(() => KeyDerivationAlgorithm.HkdfSha256.Expand(new byte[31], [], 32));
}
