namespace Orchestrator.Crypto.Tests;

public class DigestTests
{
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4 example

    [Fact]
    public void Of_KnownInput_IsSha256() => Assert.Equal(Abc, Digest.Of("abc"u8).ToString());

    [Fact]
    public void Parse_OwnText_RoundTrips()
    {
        Digest digest = Digest.Parse(Abc);
        Assert.Equal(Digest.Of("abc"u8), digest);
        Assert.Equal(Digest.Of("abc"u8).GetHashCode(), digest.GetHashCode());
        Assert.Equal(Convert.FromHexString(Abc), digest.ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0")]
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    public void TryParse_AnotherSpelling_IsFalse(string? text) => Assert.False(Digest.TryParse(text, out _));

    [Fact]
    public void Equals_OneBitDifferent_IsFalse()
    {
        byte[] bytes = Convert.FromHexString(Abc);
        for (int bit = 0; bit < 256; bit++)
        {
            byte[] other = [.. bytes];
            other[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(new Digest(bytes), new Digest(other));
        }
    }

    [Fact]
    public void Constructor_WrongLength_Throws() => Assert.Throws<ArgumentException>(() => new Digest(new byte[31]));

    [Fact]
    public void CompareTo_DifferentDigests_OrdersByFirstByte()
    {
        var low = new Digest([0x7f, .. new byte[31]]);
        var high = new Digest([0x80, .. new byte[31]]);
        Assert.True(low.CompareTo(high) < 0);
    }
}
