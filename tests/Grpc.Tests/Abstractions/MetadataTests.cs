using Grpc.Core;

namespace Grpc.Tests.Abstractions;

public class MetadataTests
{
    [Fact]
    public void Key_InUpperCase_IsLowered()
    {
        Metadata metadata = new() { { "X-Name", "value" } };

        Assert.Equal("x-name", Assert.Single(metadata).Key);
        Assert.Equal("value", metadata.GetValue("X-NAME"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("naïve")]
    [InlineData("a:b")]
    [InlineData("x-bin")]
    public void TextEntry_WithABadKey_Throws(string key) => Assert.Throws<ArgumentException>(() => new Metadata.Entry(key, "value"));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("a b-bin")]
    public void BinaryEntry_WithABadKey_Throws(string key) => Assert.Throws<ArgumentException>(() => new Metadata.Entry(key, [1]));

    [Fact]
    public void BinaryEntry_CopiesItsBytesInAndOut()
    {
        byte[] given = [1, 2];
        var entry = new Metadata.Entry("x-bin", given);
        given[0] = 9;
        entry.ValueBytes[1] = 9;

        Assert.Equal([1, 2], entry.ValueBytes);
        Assert.True(entry.IsBinary);
        Assert.Throws<InvalidOperationException>(() => entry.Value);
    }

    [Fact]
    public void TextEntry_HasTheBytesOfItsText()
    {
        var entry = new Metadata.Entry("x", "ab");

        Assert.False(entry.IsBinary);
        Assert.Equal("ab"u8.ToArray(), entry.ValueBytes);
    }

    [Fact]
    public void Get_OfARepeatedKey_IsTheLast()
    {
        Metadata metadata = new() { { "x", "1" }, { "y", "2" }, { "x", "3" } };

        Assert.Equal("3", metadata.GetValue("x"));
        Assert.Equal(["1", "3"], metadata.GetAll("x").Select(entry => entry.Value));
        Assert.Null(metadata.Get("z"));
        Assert.Null(metadata.GetValue("z"));
        Assert.Null(metadata.GetValueBytes("z"));
    }

    [Fact]
    public void List_ChangesInPlace()
    {
        Metadata.Entry[] entries = [new("a", "1"), new("b", "2"), new("c", "3")];
        Metadata metadata = [entries[1]];
        metadata.Insert(0, entries[0]);
        metadata.Add(entries[1]);
        metadata[2] = entries[2];

        Assert.Equal(entries, metadata);
        Assert.Equal(1, metadata.IndexOf(entries[1]));
        Assert.True(metadata.Remove(entries[1]));
        metadata.RemoveAt(0);
        Assert.Same(entries[2], Assert.Single(metadata));
        metadata.Clear();
        Assert.Empty(metadata);
    }

    [Fact]
    public void Empty_CannotBeChanged()
    {
        Assert.True(Metadata.Empty.IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("x", "1"));
        Assert.Throws<InvalidOperationException>(Metadata.Empty.Clear);
    }
}
