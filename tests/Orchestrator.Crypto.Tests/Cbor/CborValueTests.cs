using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Crypto.Tests.Cbor;

public class CborValueTests
{
    // RFC 8949 appendix A, as far as its items are of kinds used here.
    public static TheoryData<string, CborValue> KnownEncodings => new()
    {
        { "00", 0 }, { "01", 1 }, { "0a", 10 }, { "17", 23 }, { "1818", 24 }, { "1819", 25 }, { "1864", 100 },
        { "1903e8", 1000 }, { "1a000f4240", 1000000 }, { "1b000000e8d4a51000", 1000000000000 },
        { "20", -1 }, { "29", -10 }, { "3863", -100 }, { "3903e7", -1000 },
        { "1b7fffffffffffffff", long.MaxValue }, { "3b7fffffffffffffff", long.MinValue },
        { "f90000", 0.0 }, { "f98000", -0.0 }, { "f93c00", 1.0 }, { "fb3ff199999999999a", 1.1 }, { "f93e00", 1.5 },
        { "f97bff", 65504.0 }, { "fa47c35000", 100000.0 }, { "fa7f7fffff", 3.4028234663852886e+38 },
        { "fb7e37e43c8800759c", 1.0e+300 }, { "f90001", 5.960464477539063e-8 }, { "f90400", 0.00006103515625 },
        { "f9c400", -4.0 }, { "fbc010666666666666", -4.1 }, { "f97c00", double.PositiveInfinity },
        { "f97e00", double.NaN }, { "f9fc00", double.NegativeInfinity },
        { "f4", false }, { "f5", true }, { "f6", CborValue.Null },
        { "40", Array.Empty<byte>() }, { "4401020304", new byte[] { 1, 2, 3, 4 } },
        { "60", "" }, { "6161", "a" }, { "6449455446", "IETF" }, { "62225c", "\"\\" }, { "62c3bc", "\u00fc" },
        { "63e6b0b4", "\u6c34" }, { "64f0908591", "\ud800\udd51" },
        { "80", new CborArray() }, { "83010203", new CborArray(1, 2, 3) },
        { "8301820203820405", new CborArray(1, new CborArray(2, 3), new CborArray(4, 5)) },
        { "a0", new CborMap() }, { "a201020304", new CborMap((1, 2), (3, 4)) },
        { "a26161016162820203", CborMap.Of(("b", new CborArray(2, 3)), ("a", 1)) },
        { "c11a514b67b0", new CborTagged(1, 1363896240) }, { "d74401020304", new CborTagged(23, new byte[] { 1, 2, 3, 4 }) },
    };

    [Theory]
    [MemberData(nameof(KnownEncodings))]
    public void Encode_KnownValue_GivesTheOneEncoding(string hex, CborValue value)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(value.Encode()));
        Assert.Equal(value, CborValue.Decode(Convert.FromHexString(hex)));
    }

    /// <summary>The example of <c>docs/spec/cbor.md</c>.</summary>
    [Fact]
    public void Encode_WorkedExample_IsTheSpecifications() =>
        Assert.Equal(
            "a3646e616d65647764626365726174696ff938006665706f63687319012c",
            Convert.ToHexStringLower(CborMap.Of(("ratio", 0.5), ("epochs", 300), ("name", "wdbc")).Encode()));

    [Fact]
    public void Encode_MapKeys_AreInBytewiseOrderOfTheirEncodings()
    {
        // RFC 8949 section 4.2.1: 10, 100, -1, "z", "aa"; RFC 7049's length-first order would put -1 before 100.
        var map = new CborMap(("aa", 5), (-1, 3), ("z", 4), (100, 2), (10, 1));
        Assert.Equal("a50a011864022003617a0462616105", Convert.ToHexStringLower(map.Encode()));
        Assert.Equal(map, CborValue.Decode(map.Encode()));
    }

    [Theory]
    [InlineData("1817")] // 23 in two bytes
    [InlineData("190018")]
    [InlineData("1a00000018")]
    [InlineData("1b0000000000000018")]
    [InlineData("3800")] // -1 in two bytes
    [InlineData("580100")] // length 1 in two bytes
    [InlineData("780161")]
    [InlineData("980101")]
    [InlineData("b8010101")]
    [InlineData("d80101")] // tag 1 in two bytes
    [InlineData("5f4101ff")] // indefinite lengths
    [InlineData("5fff")]
    [InlineData("7f6161ff")]
    [InlineData("9f01ff")]
    [InlineData("bf0101ff")]
    [InlineData("a203040102")] // keys out of order
    [InlineData("a262616101617a02")]
    [InlineData("a22001186402")] // length-first order of RFC 7049
    [InlineData("fa3f800000")] // 1.0 in 32 bits
    [InlineData("fb3ff0000000000000")]
    [InlineData("fb47efffffe0000000")] // a 32-bit number in 64 bits
    [InlineData("f97e01")] // NaN with payload
    [InlineData("f9fe00")]
    [InlineData("fa7fc00000")]
    [InlineData("fb7ff8000000000000")]
    public void Decode_AnotherEncodingOfAValue_IsRefused(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        ErrorAssert.Throws(CborErrors.NotCanonical, () => CborValue.Decode(bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(23)]
    [InlineData(256)]
    [InlineData(70_000)]
    public void MaxSize_OfEveryKind_HoldsTheEncoding(int length)
    {
        CborValue[] kinds =
        [
            long.MinValue, long.MaxValue, true, 0.1, double.NaN, CborValue.Null, new byte[length], new string('x', length), new string('\u20ac', length),
            new CborArray(Enumerable.Range(0, length).Select(item => (CborValue)(long.MaxValue - item))),
            CborMap.Of(("key", new byte[length]), (new string('k', length + 4), new CborTagged(ulong.MaxValue, new byte[length]))),
        ];

        Assert.All(kinds, kind => Assert.InRange(kind.Encode().Length, 1, kind.MaxSize));
    }

    [Fact]
    public void Erase_OfANestedValue_LeavesNoByteOfItsByteStrings()
    {
        var bytes = new CborBytes([1, 2, 3]);
        var nested = CborMap.Of(("list", new CborArray(new CborTagged(18, bytes))));

        nested.Erase();

        Assert.Equal(new byte[3], bytes.Value.ToArray());
    }
}
