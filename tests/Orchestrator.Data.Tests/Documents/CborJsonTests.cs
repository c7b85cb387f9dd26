using System.Text;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Documents;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Data.Tests.Documents;

public sealed class CborJsonTests
{
    [Fact]
    public void Text_OfEveryKind_BecomesTheSameCborAndBack()
    {
        var value = CborMap.Of(
            ("whole", 32), ("real", 0.1), ("small", 1e-8), ("text", "ä\"\n"), ("yes", true), ("nothing", CborValue.Null), ("list", new CborArray(1, "two", new CborArray())));
        var json = Encoding.UTF8.GetBytes(CborJson.ToJson(value)!.ToJsonString());
        Assert.Equal(value, CborJson.Parse(json));
    }

    [Fact]
    public void Numbers_WithAndWithoutAPoint_AreFloatsAndIntegers()
    {
        var list = Assert.IsType<CborArray>(CborJson.Parse("[1, 1.0, 1e0]"u8.ToArray()));
        Assert.Equal([typeof(CborInt), typeof(CborFloat), typeof(CborFloat)], list.Items.Select(item => item.GetType()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("[99999999999999999999]")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]")]
    public void Text_ThatIsNotOneStrictDocument_IsRefused(string json) =>
        ErrorAssert.Throws(DataErrors.Format, () => CborJson.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Bytes_HaveNoJsonForm() => Assert.Throws<ArgumentException>(() => CborJson.ToJson(new byte[] { 1 }));
}
