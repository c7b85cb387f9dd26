using Orchestrator.Crypto.HybridEncryption;

namespace Orchestrator.Crypto.Tests.HybridEncryption;

public sealed class HpkeTests : IDisposable
{
    private static readonly byte[] Info = "info"u8.ToArray();
    private static readonly byte[] Aad = "aad"u8.ToArray();

    private readonly HpkePrivateKey _recipient = HpkePrivateKey.Generate();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(100_000)]
    public void TryOpen_Sealed_GivesThePlaintext(int length)
    {
        byte[] plaintext = [.. Enumerable.Range(0, length).Select(i => unchecked((byte)i))];
        byte[] message = Hpke.Seal(_recipient.PublicKey, Info, Aad, plaintext);
        Assert.Equal(length + Hpke.Overhead, message.Length);
        Assert.True(Hpke.TryOpen(_recipient, Info, Aad, message, out byte[]? opened));
        Assert.Equal(plaintext, opened);
    }

    [Fact]
    public void Seal_Twice_GivesDifferentMessages() =>
        Assert.NotEqual(Hpke.Seal(_recipient.PublicKey, Info, Aad, "m"u8), Hpke.Seal(_recipient.PublicKey, Info, Aad, "m"u8));

    [Fact]
    public void TryOpen_AnyFieldAltered_IsRefused()
    {
        byte[] message = Hpke.Seal(_recipient.PublicKey, Info, Aad, "message"u8);
        Tamper.OneByteAField(message, ("encapsulation", 32), ("ciphertext", 7), ("tag", 16)).AssertAllRefused(Refuses);
        Tamper.EveryBit(message).AssertAllRefused(Refuses);
        Tamper.EveryLength(message).AssertAllRefused(Refuses);
    }

    [Fact]
    public void TryOpen_OtherInfoAadOrKey_IsRefused()
    {
        byte[] message = Hpke.Seal(_recipient.PublicKey, Info, Aad, "message"u8);
        using var other = HpkePrivateKey.Generate();
        Assert.False(Hpke.TryOpen(_recipient, "Info"u8, Aad, message, out _));
        Assert.False(Hpke.TryOpen(_recipient, [], Aad, message, out _));
        Assert.False(Hpke.TryOpen(_recipient, Info, "Aad"u8, message, out _));
        Assert.False(Hpke.TryOpen(_recipient, Info, [], message, out _));
        Assert.False(Hpke.TryOpen(_recipient, Aad, Info, message, out _));
        Assert.False(Hpke.TryOpen(other, Info, Aad, message, out byte[]? plaintext));
        Assert.Null(plaintext);
    }

    /// <summary>RFC 9180 section 7.1.4: a key of small order would give a secret that everyone knows.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void SealAndTryOpen_KeyOfSmallOrder_AreRefused(string hex)
    {
        byte[] point = Convert.FromHexString(hex);
        ErrorAssert.Throws(HpkeErrors.BadPublicKey, () => Hpke.Seal(HpkePublicKey.Import(point), Info, Aad, "message"u8));
        byte[] message = [.. point, .. new byte[16 + 7]];
        Assert.True(Refuses(message));
    }

    [Fact]
    public void Keys_ExportedAndImported_AreTheSame()
    {
        byte[] exported = new byte[HpkePrivateKey.Size];
        _recipient.Export(exported);
        using var imported = HpkePrivateKey.Import(exported);
        byte[] message = Hpke.Seal(HpkePublicKey.Import(_recipient.PublicKey.ToArray()), Info, Aad, "message"u8);
        Assert.Equal(_recipient.PublicKey, imported.PublicKey);
        Assert.True(Hpke.TryOpen(imported, Info, Aad, message, out _));
    }

    [Fact]
    public void Keys_Misused_Throw()
    {
        var key = HpkePrivateKey.Generate();
        Assert.Throws<ArgumentException>(() => HpkePrivateKey.Import(new byte[31]));
        Assert.Throws<ArgumentException>(() => HpkePublicKey.Import(new byte[33]));
        Assert.Throws<ArgumentException>(() => key.Export(new byte[31]));
        Assert.Throws<ArgumentException>(() => key.Export(new byte[33]));
        Assert.Equal("HpkePrivateKey", key.ToString());
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Export(new byte[32]));
        Assert.Throws<ObjectDisposedException>(() => Hpke.TryOpen(key, Info, Aad, new byte[64], out _));
    }

    public void Dispose() => _recipient.Dispose();

    private bool Refuses(byte[] message) => !Hpke.TryOpen(_recipient, Info, Aad, message, out byte[]? plaintext) && plaintext is null;
}
