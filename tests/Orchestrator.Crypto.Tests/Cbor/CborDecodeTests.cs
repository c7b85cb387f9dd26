using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Cbor;

public class CborDecodeTests
{
    [Theory]
    [InlineData("")]
    [InlineData("18")] // cut
    [InlineData("4401")]
    [InlineData("8201")]
    [InlineData("a101")]
    [InlineData("c1")]
    [InlineData("0000")] // two items
    [InlineData("1c")] // reserved additional information
    [InlineData("ff")] // break without a start
    [InlineData("81ff")]
    [InlineData("61ff")] // not UTF-8
    [InlineData("62c080")] // overlong UTF-8
    [InlineData("63eda080")] // a surrogate in UTF-8
    [InlineData("a201020103")] // a key twice
    [InlineData("a2616101616102")]
    [InlineData("9b7fffffffffffffff")] // far more items than bytes
    [InlineData("5b7fffffffffffffff")]
    [InlineData("bb7fffffffffffffff")]
    [InlineData("9bffffffffffffffff")]
    [InlineData("5bffffffffffffffff")]
    public void Decode_NotOneWellFormedItem_IsRefused(string hex) => ErrorAssert.Throws(CborErrors.Malformed, () => Decode(hex));

    [Theory]
    [InlineData("f7")] // undefined
    [InlineData("f0")] // a simple value
    [InlineData("f8ff")]
    [InlineData("1b8000000000000000")] // 2^63
    [InlineData("3b8000000000000000")]
    [InlineData("a1f501")] // a key that is neither integer nor text
    [InlineData("a1400000")]
    public void Decode_ItemNotInUse_IsRefused(string hex) => ErrorAssert.Throws(CborErrors.Unsupported, () => Decode(hex));

    [Fact]
    public void Decode_OverLimits_IsRefused()
    {
        var limits = new CborLimits { MaxBytes = 20, MaxDepth = 3, MaxItems = 10 };
        Assert.NotNull(CborValue.Decode(new CborArray(new CborArray(1)).Encode(), limits));
        ErrorAssert.Throws(CborErrors.TooLarge, () => CborValue.Decode(new CborBytes(new byte[20]).Encode(), limits));
        ErrorAssert.Throws(CborErrors.TooLarge, () => CborValue.Decode(new CborArray(new CborArray(new CborArray(1))).Encode(), limits));
        ErrorAssert.Throws(CborErrors.TooLarge, () => CborValue.Decode(new CborTagged(1, new CborTagged(1, new CborTagged(1, 1))).Encode(), limits));
        ErrorAssert.Throws(CborErrors.TooLarge, () => CborValue.Decode(new CborArray(Enumerable.Repeat((CborValue)1, 10)).Encode(), limits));
    }

    [Fact]
    public void Decode_DeepNesting_IsRefusedBeforeTheStackEnds()
    {
        byte[] nested = [.. Enumerable.Repeat((byte)0x81, 1_000_000), 0x01];
        ErrorAssert.Throws(CborErrors.TooLarge, () => CborValue.Decode(nested));
    }

    /// <summary>Whatever bytes come: they are refused with a code, or they are the encoding of what they decode to.</summary>
    [Fact]
    public void Decode_AnyBytes_AreRefusedOrReencodeIdentically() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20_000), Prop.ForAll(AnyBytes.ToArbitrary(), bytes =>
        {
            try
            {
                return CborValue.Decode(bytes).Encode().AsSpan().SequenceEqual(bytes);
            }
            catch (OrchestratorException e)
            {
                return e.Code.Id.StartsWith("cbor-", StringComparison.Ordinal);
            }
        }));

    [Fact]
    public void Decode_EncodedValue_IsThatValue() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(AnyValue(4).ToArbitrary(), value => value.Equals(CborValue.Decode(value.Encode()))));

    [Fact]
    public void Decode_AnyBitOfAnEncodingFlipped_IsRefusedOrAnotherValue()
    {
        CborValue value = CborMap.Of(("int", 1000), ("bytes", new byte[] { 1, 2 }), ("text", "\u00fc"), ("list", new CborArray(true, CborValue.Null, 1.5, 1.1)));
        Tamper.EveryBit(value.Encode()).AssertAllRefused(bytes =>
        {
            try
            {
                return !CborValue.Decode(bytes).Equals(value);
            }
            catch (OrchestratorException)
            {
                return true;
            }
        });
    }

    [Fact]
    public void Construction_OfWhatHasNoEncoding_Throws()
    {
        Assert.ThrowsAny<ArgumentException>(() => new CborText("\ud800"));
        Assert.ThrowsAny<ArgumentException>(() => CborMap.Of(("a", 1), ("a", 2)));
        Assert.ThrowsAny<ArgumentException>(() => new CborMap((true, 1)));
    }

    private static CborValue Decode(string hex) => CborValue.Decode(Convert.FromHexString(hex));

    // First bytes of all major types, so that the generator does not stay with broken headers.
    private static Gen<byte[]> AnyBytes =>
        Gen.OneOf(
            Gen.Elements<byte>(0x01, 0x17, 0x18, 0x20, 0x41, 0x58, 0x61, 0x80, 0x81, 0x82, 0xa0, 0xa1, 0xa2, 0xc1, 0xd8, 0xf4, 0xf6, 0xf9, 0xfa, 0x9f, 0xff),
            Gen.Choose(0, 255).Select(i => (byte)i)).ArrayOf();

    private static Gen<CborValue> AnyValue(int depth)
    {
        Gen<CborValue> text = ArbMap.Default.GeneratorFor<char>().Where(c => !char.IsSurrogate(c)).ArrayOf().Select(c => (CborValue)new string(c));
        Gen<CborValue> integer = ArbMap.Default.GeneratorFor<long>().Select(i => (CborValue)i);
        Gen<CborValue> scalar = Gen.OneOf(
            text,
            integer,
            ArbMap.Default.GeneratorFor<double>().Select(d => (CborValue)d),
            ArbMap.Default.GeneratorFor<float>().Select(f => (CborValue)(double)f),
            ArbMap.Default.GeneratorFor<byte[]>().Select(b => (CborValue)(b ?? [])),
            Gen.Elements<CborValue>(true, false, CborValue.Null));
        if (depth == 0)
        {
            return scalar;
        }

        Gen<CborValue> inner = AnyValue(depth - 1);
        Gen<CborValue> array = inner.ArrayOf(3).Select(items => (CborValue)new CborArray(items));
        Gen<CborValue> map = Gen.OneOf(text, integer).ArrayOf(3).SelectMany(
            keys => inner.ArrayOf(3).Select(values => (CborValue)new CborMap(keys.Zip(values).DistinctBy(entry => entry.First))));
        Gen<CborValue> tagged = inner.Select(content => (CborValue)new CborTagged(18, content));
        return Gen.OneOf(scalar, array, map, tagged);
    }
}
