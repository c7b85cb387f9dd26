using Orchestrator.Crypto.Signatures;

namespace Orchestrator.Crypto.Tests.Signatures;

public sealed class PartySigningKeyTests : IDisposable
{
    private readonly PartySigningKey _key = PartySigningKey.Generate();

    [Fact]
    public void Verify_OwnSignature_IsTrue() => Assert.True(_key.VerificationKey.Verify("message"u8, _key.Sign("message"u8)));

    [Fact]
    public void Verify_AnythingAltered_IsFalse()
    {
        byte[] signature = _key.Sign("message"u8);
        using var other = PartySigningKey.Generate();
        Tamper.EveryBit(signature).AssertAllRefused(altered => !_key.VerificationKey.Verify("message"u8, altered));
        Tamper.EveryLength(signature).AssertAllRefused(altered => !_key.VerificationKey.Verify("message"u8, altered));
        Tamper.EveryBit("message"u8.ToArray()).AssertAllRefused(altered => !_key.VerificationKey.Verify(altered, signature));
        Assert.False(other.VerificationKey.Verify("message"u8, signature));
    }

    [Fact]
    public void Import_Exported_IsTheSameKey()
    {
        byte[] exported = new byte[PartySigningKey.Size];
        _key.Export(exported);
        using var imported = PartySigningKey.Import(exported);
        Assert.Equal(_key.VerificationKey, imported.VerificationKey);
        Assert.Equal(_key.Sign("message"u8), imported.Sign("message"u8));
    }

    [Fact]
    public void VerificationKey_ImportedFromBytes_IsEqual()
    {
        byte[] bytes = _key.VerificationKey.ToArray();
        Assert.True(VerificationKey.TryImport(bytes, out VerificationKey? key));
        Assert.Equal(_key.VerificationKey, key);
        Assert.Equal(_key.VerificationKey.GetHashCode(), key.GetHashCode());
        Assert.Equal(Convert.ToHexStringLower(bytes), key.ToString());
        Assert.False(VerificationKey.TryImport(bytes.AsSpan(1), out _));
    }

    [Fact]
    public void Key_Misused_Throws()
    {
        var key = PartySigningKey.Generate();
        Assert.Throws<ArgumentException>(() => PartySigningKey.Import(new byte[64]));
        Assert.Throws<ArgumentException>(() => VerificationKey.Import(new byte[31]));
        Assert.Throws<ArgumentException>(() => key.Export(new byte[64]));
        Assert.Equal("PartySigningKey", key.ToString());
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Sign("message"u8));
        Assert.Throws<ObjectDisposedException>(() => key.Export(new byte[32]));
    }

    public void Dispose() => _key.Dispose();
}
