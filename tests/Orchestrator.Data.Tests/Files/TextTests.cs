using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Tests.Files;

public sealed class TextTests
{
    private static readonly DataSchema Schema = new() { FeatureType = ElementType.U8, Shape = [3], Label = new LabelSchema.PerPosition(128, ElementType.U8) };

    [Theory]
    [InlineData("abcd", "abcbcd")]
    [InlineData("abcdef", "abcbcd")]
    [InlineData("abcdefg", "abcbcd defefg")]
    [InlineData("abcdefghijk", "abcbcd defefg ghihij")]
    public void Windows_OverAText_HoldEachByteAndTheNext(string text, string records) =>
        Assert.Equal(records.Split(' '), CsvTests.Read(System.Text.Encoding.ASCII.GetBytes(text), "x.txt", Schema).Select(System.Text.Encoding.ASCII.GetString));

    [Fact]
    public void Text_ShorterThanAWindow_IsEmpty() =>
        ErrorAssert.Throws(DataErrors.Empty, () => CsvTests.Read("abc"u8.ToArray(), "x.txt", Schema));

    [Fact]
    public void Byte_ThatIsNoClass_IsRefusedWithItsPlace()
    {
        var error = Assert.Throws<OrchestratorException>(() => CsvTests.Read([65, 66, 67, 68, 69, 200, 70], "x.txt", Schema));
        Assert.Equal(DataErrors.LabelRange, error.Code);
        Assert.Contains("Byte 5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_OfAnotherKind_IsRefused() =>
        ErrorAssert.Throws(DataErrors.Schema, () => CsvTests.Read("abcd"u8.ToArray(), "x.txt", Schema with { Label = new LabelSchema.Classes(2) }));
}
