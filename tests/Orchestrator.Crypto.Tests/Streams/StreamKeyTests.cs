using System.Reflection;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

public class StreamKeyTests
{
    [Fact]
    public void Import_ExportedKey_OpensTheSameStream()
    {
        using StreamKey key = StreamKey.Generate();
        byte[] bytes = new byte[StreamKey.Size];
        key.Export(bytes);
        using StreamKey copy = StreamKey.Import(bytes);

        Assert.Equal([1, 2, 3], Sealing.Open(copy, Sealing.Seal(key, Sealing.Header(), [1, 2, 3])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Import_OtherSize_Throws(int size)
    {
        Assert.Throws<ArgumentException>(() => StreamKey.Import(new byte[size]));
        using StreamKey key = StreamKey.Generate();
        Assert.Throws<ArgumentException>(() => key.Export(new byte[size]));
    }

    [Fact]
    public void Key_Disposed_GivesNothing()
    {
        StreamKey key = StreamKey.Generate();
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => key.Export(new byte[StreamKey.Size]));
        Assert.Throws<ObjectDisposedException>(() => new FrameSealer(key, Sealing.Header()));
    }

    [Fact]
    public void Key_Disposed_IsZeroedInMemory()
    {
        FieldInfo field = typeof(StreamKey).GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Single(f => f.FieldType == typeof(byte[]));
        StreamKey key = StreamKey.Generate();
        byte[] memory = (byte[])field.GetValue(key)!;
        Assert.Contains(memory, b => b != 0);

        key.Dispose();

        Assert.DoesNotContain(memory, b => b != 0);
    }

    [Fact]
    public void Key_Printed_RevealsNothing()
    {
        using StreamKey key = StreamKey.Import(Enumerable.Repeat((byte)0xAB, StreamKey.Size).ToArray());
        Assert.DoesNotContain("ab", key.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(typeof(StreamKey).GetProperties(), p => p.CanRead);
    }

    [Fact]
    public void Generate_Twice_Differs()
    {
        byte[] first = new byte[StreamKey.Size];
        byte[] second = new byte[StreamKey.Size];
        using StreamKey a = StreamKey.Generate();
        using StreamKey b = StreamKey.Generate();
        a.Export(first);
        b.Export(second);
        Assert.NotEqual(first, second);
    }
}
