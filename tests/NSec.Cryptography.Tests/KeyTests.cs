namespace NSec.Cryptography.Tests;

public class KeyTests
{
    public static TheoryData<Algorithm> Algorithms => [SignatureAlgorithm.Ed25519, KeyAgreementAlgorithm.X25519];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Create_Twice_GivesDifferentKeys(Algorithm algorithm)
    {
        using var first = Key.Create(algorithm);
        using var second = Key.Create(algorithm);
        Assert.NotEqual(first.PublicKey, second.PublicKey);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Export_DefaultPolicy_IsRefused(Algorithm algorithm)
    {
        using Key key = FixedKey.Import(algorithm);
        Assert.Throws<InvalidOperationException>(() => key.Export(KeyBlobFormat.RawPrivateKey));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Export_ArchivingPolicy_WorksOnce(Algorithm algorithm)
    {
        using Key key = FixedKey.Import(algorithm, KeyExportPolicies.AllowPlaintextArchiving);
        Assert.Equal(FixedKey.Seed, key.Export(KeyBlobFormat.RawPrivateKey));
        Assert.Throws<InvalidOperationException>(() => key.Export(KeyBlobFormat.RawPrivateKey));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Export_ExportPolicy_GivesWhatWasImported(Algorithm algorithm)
    {
        using Key key = FixedKey.Import(algorithm, KeyExportPolicies.AllowPlaintextExport);
        byte[] buffer = new byte[32];
        Assert.Equal(FixedKey.Seed, key.Export(KeyBlobFormat.RawPrivateKey));
        Assert.True(key.TryExport(KeyBlobFormat.RawPrivateKey, buffer, out int size));
        Assert.Equal(32, size);
        Assert.Equal(FixedKey.Seed, buffer);
        Assert.False(key.TryExport(KeyBlobFormat.RawPrivateKey, new byte[31], out size));
        Assert.Equal(32, size);
        Assert.Equal(key.PublicKey.Export(KeyBlobFormat.RawPublicKey), key.Export(KeyBlobFormat.RawPublicKey));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Export_AfterDispose_Throws(Algorithm algorithm)
    {
        Key key = FixedKey.Import(algorithm, KeyExportPolicies.AllowPlaintextExport);
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Export(KeyBlobFormat.RawPrivateKey));
    }

    [Fact]
    public void SignAndAgree_AfterDispose_Throw()
    {
        Key signing = FixedKey.Import(SignatureAlgorithm.Ed25519);
        Key agreeing = FixedKey.Import(KeyAgreementAlgorithm.X25519);
        signing.Dispose();
        agreeing.Dispose();
        Assert.Throws<ObjectDisposedException>(() => SignatureAlgorithm.Ed25519.Sign(signing, []));
        Assert.Throws<ObjectDisposedException>(() => KeyAgreementAlgorithm.X25519.Agree(agreeing, agreeing.PublicKey));
    }

    /// <summary>Memory that is freed while it is read would end the process.</summary>
    [Fact]
    public async Task Dispose_WhileOthersSign_LetsThemFinishOrRefusesThem()
    {
        for (int round = 0; round < 50; round++)
        {
            Key key = FixedKey.Import(SignatureAlgorithm.Ed25519);
            byte[] expected = SignatureAlgorithm.Ed25519.Sign(key, "message"u8);
            Task<byte[]?>[] signers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => SignUnlessDisposed(key)))];
            key.Dispose();
            Assert.All(await Task.WhenAll(signers), signature => Assert.True(signature is null || signature.AsSpan().SequenceEqual(expected)));
        }
    }

    private static byte[]? SignUnlessDisposed(Key key)
    {
        try
        {
            return SignatureAlgorithm.Ed25519.Sign(key, "message"u8);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Import_AnotherSize_IsRefused(Algorithm algorithm)
    {
        foreach (int size in (int[])[0, 31, 33, 64])
        {
            Assert.False(Key.TryImport(algorithm, new byte[size], KeyBlobFormat.RawPrivateKey, out Key? key));
            Assert.Null(key);
            Assert.Throws<FormatException>(() => Key.Import(algorithm, new byte[size], KeyBlobFormat.RawPrivateKey));
            Assert.False(PublicKey.TryImport(algorithm, new byte[size], KeyBlobFormat.RawPublicKey, out PublicKey? publicKey));
            Assert.Null(publicKey);
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Import_AnotherFormat_Throws(Algorithm algorithm)
    {
        Assert.Throws<ArgumentException>(() => Key.Import(algorithm, FixedKey.Seed, KeyBlobFormat.RawPublicKey));
        Assert.Throws<ArgumentException>(() => PublicKey.Import(algorithm, FixedKey.Seed, KeyBlobFormat.RawPrivateKey));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void ToString_OfKey_TellsNothing(Algorithm algorithm)
    {
        using Key key = FixedKey.Import(algorithm);
        Assert.Equal("NSec.Cryptography.Key", key.ToString());
    }

    [Fact]
    public void PublicKey_SameBytesOfTwoAlgorithms_AreNotEqual()
    {
        var first = PublicKey.Import(SignatureAlgorithm.Ed25519, FixedKey.Seed, KeyBlobFormat.RawPublicKey);
        var second = PublicKey.Import(KeyAgreementAlgorithm.X25519, FixedKey.Seed, KeyBlobFormat.RawPublicKey);
        Assert.NotEqual(first, second);
        Assert.Equal(first, PublicKey.Import(SignatureAlgorithm.Ed25519, FixedKey.Seed, KeyBlobFormat.RawPublicKey));
    }

    [Fact]
    public void SharedSecret_DefaultPolicy_IsNotExported()
    {
        using Key key = FixedKey.Import(KeyAgreementAlgorithm.X25519);
        using SharedSecret? secret = KeyAgreementAlgorithm.X25519.Agree(key, key.PublicKey);
        Assert.NotNull(secret);
        Assert.Throws<InvalidOperationException>(() => secret.Export(SharedSecretBlobFormat.RawSharedSecret));
    }
}
