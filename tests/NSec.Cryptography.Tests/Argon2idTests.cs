namespace NSec.Cryptography.Tests;

public class Argon2idTests
{
    private static readonly byte[] Salt = "somesaltsaltsalt"u8.ToArray();

    /// <summary>The expected key was computed with OpenSSL's Argon2id.</summary>
    [Fact]
    public void DeriveBytes_KnownInput_GivesOpenSslsKey()
    {
        byte[] key = Create(passes: 2, memory: 64).DeriveBytes("password"u8, Salt, 32);
        Assert.Equal("e3879610a4b59b2ff446bf6d5ba0f5380cfcfd06c98937a106360720fa999d2d", Convert.ToHexStringLower(key));
    }

    [Fact]
    public void DeriveBytes_FewBytes_AreTheFirstOfSixteen()
    {
        Argon2id algorithm = Create(passes: 1, memory: 8);
        Assert.Equal(algorithm.DeriveBytes("password"u8, Salt, 16)[..5], algorithm.DeriveBytes("password"u8, Salt, 5));
    }

    [Fact]
    public void DeriveBytes_AnyInputChanged_GivesAnotherKey()
    {
        byte[] key = Create(passes: 1, memory: 8).DeriveBytes("password"u8, Salt, 32);
        byte[] otherSalt = [.. Salt[..15], 0];
        Assert.NotEqual(key, Create(passes: 2, memory: 8).DeriveBytes("password"u8, Salt, 32));
        Assert.NotEqual(key, Create(passes: 1, memory: 16).DeriveBytes("password"u8, Salt, 32));
        Assert.NotEqual(key, Create(passes: 1, memory: 8).DeriveBytes("Password"u8, Salt, 32));
        Assert.NotEqual(key, Create(passes: 1, memory: 8).DeriveBytes("password"u8, otherSalt, 32));
    }

    [Theory]
    [InlineData(2, 64, 1)]
    [InlineData(0, 64, 1)]
    [InlineData(1, 7, 1)]
    [InlineData(1, 64, 0)]
    public void Create_CostOutsideLimits_Throws(int lanes, long memory, long passes) =>
        Assert.Throws<ArgumentException>(() => PasswordBasedKeyDerivationAlgorithm.Argon2id(new Argon2Parameters { DegreeOfParallelism = lanes, MemorySize = memory, NumberOfPasses = passes }));

    [Fact]
    public void DeriveBytes_SaltOfAnotherSize_Throws() =>
        Assert.Throws<ArgumentException>(() => Create(passes: 1, memory: 8).DeriveBytes("password"u8, new byte[8], 32));

    private static Argon2id Create(long passes, long memory) =>
        PasswordBasedKeyDerivationAlgorithm.Argon2id(new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = memory, NumberOfPasses = passes });
}
