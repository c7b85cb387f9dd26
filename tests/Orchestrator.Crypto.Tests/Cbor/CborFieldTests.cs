using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Cbor;

public class CborFieldTests
{
    private static readonly CborField Root = CborMap.Of(
        ("int", 7), ("text", "abc"), ("bytes", new byte[] { 1, 2, 3 }), ("flag", true), ("ratio", 0.5), ("nothing", CborValue.Null),
        ("digest", Digest.Of("abc"u8)), ("list", new CborArray(1, "two")), ("nan", double.NaN)).As("root");

    private static T Read<T>(string key, Func<CborField, T> read)
    {
        T result = default!;
        try
        {
            Root.ReadMap(map => result = read(map.Required(key)));
        }
        catch (OrchestratorException e) when (e.Code == CborErrors.UnknownField)
        {
            // The other fields stay unread here.
        }

        return result;
    }

    [Fact]
    public void Accessors_OfTheRightType_GiveTheValue()
    {
        Assert.Equal(7, Read("int", f => f.AsInt64(7, 7)));
        Assert.Equal(7, Read("int", f => f.AsInt32()));
        Assert.Equal(ErrorClass.Conflict, Read("int", f => f.AsEnum<ErrorClass>()));
        Assert.Equal("abc", Read("text", f => f.AsText(3)));
        Assert.Equal([1, 2, 3], Read("bytes", f => f.AsBytes(3)).ToArray());
        Assert.Equal([1, 2, 3], Read("bytes", f => f.AsFixedBytes(3)).ToArray());
        Assert.True(Read("flag", f => f.AsBool()));
        Assert.Equal(0.5, Read("ratio", f => f.AsDouble()));
        Assert.True(Read("nothing", f => f.IsNull));
        Assert.Equal(Digest.Of("abc"u8), Read("digest", f => f.AsDigest()));
        Assert.Equal(2, Read("list", f => f.AsArray(2)).Length);
    }

    [Fact]
    public void Accessors_OutsideTheRange_AreRefused()
    {
        Action[] reads =
        [
            () => Read("int", f => f.AsInt64(8, 9)),
            () => Read("int", f => f.AsInt32(0, 6)),
            () => Read("int", f => f.AsEnum<DayOfWeek>()),
            () => Read("text", f => f.AsText(2)),
            () => Read("bytes", f => f.AsBytes(2)),
            () => Read("bytes", f => f.AsFixedBytes(4)),
            () => Read("bytes", f => f.AsDigest()),
            () => Read("nan", f => f.AsDouble()),
            () => Read("list", f => f.AsArray(1)),
        ];
        Assert.All(reads, read => ErrorAssert.Throws(CborErrors.OutOfRange, read));
    }

    [Fact]
    public void Accessors_OfAnotherType_AreRefused()
    {
        Action<CborField>[] accessors =
        [
            f => f.AsInt64(), f => f.AsInt32(), f => f.AsText(), f => f.AsBytes(99), f => f.AsFixedBytes(1), f => f.AsDigest(),
            f => f.AsBool(), f => f.AsDouble(), f => f.AsArray(), f => f.ReadMap(_ => 0), f => f.AsEnum<ErrorClass>(),
        ];
        Assert.All(accessors, access => ErrorAssert.Throws(CborErrors.WrongType, () => access(CborValue.Null.As("x"))));
    }

    [Fact]
    public void ReadMap_FieldMissing_IsRefused() => ErrorAssert.Throws(CborErrors.MissingField, () => Root.ReadMap(map => map.Required("other")));

    [Fact]
    public void ReadMap_OptionalFieldMissing_IsNull() => Assert.Null(new CborMap().As("x").ReadMap(map => map.Optional("other")));

    [Fact]
    public void ReadMap_FieldNotAskedFor_IsRefused()
    {
        ErrorAssert.Throws(CborErrors.UnknownField, () => CborMap.Of(("a", 1), ("b", 2)).As("x").ReadMap(map => map.Required("a").AsInt64()));
        ErrorAssert.Throws(CborErrors.UnknownField, () => new CborMap((1, 2)).As("x").ReadMap(map => 0));
    }

    [Fact]
    public void Error_DeepInside_NamesThePath()
    {
        CborField field = CborMap.Of(("list", new CborArray(CborMap.Of(("name", 1))))).As("root");
        OrchestratorException error = ErrorAssert.Throws(
            CborErrors.WrongType,
            () => field.ReadMap(root => root.Required("list").AsArray()[0].ReadMap(item => item.Required("name").AsText())));
        Assert.Contains("root.list[0].name", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownField_WithControlCharacters_IsNamedWithoutThem()
    {
        OrchestratorException error = ErrorAssert.Throws(
            CborErrors.UnknownField, () => CborMap.Of(("\u001b[2J" + new string('x', 1000), 1)).As("root").ReadMap(_ => 0));
        Assert.DoesNotContain('\u001b', error.Message);
        Assert.True(error.Message.Length < 200);
    }
}
