using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

// Allocations are counted for the whole process, so nothing else may run meanwhile.
[CollectionDefinition(nameof(ConstantMemoryTests), DisableParallelization = true)]
[Collection(nameof(ConstantMemoryTests))]
public class ConstantMemoryTests
{
    // Enough to use every batch of the ring once: three of sixteen frames for each thread.
    private const int Small = 30 << 20;
    private const int Large = 300 << 20;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sealer_TenTimesTheData_AllocatesNoMore(int parallelism)
    {
        Seal(Small, parallelism);
        long small = Allocated(() => Seal(Small, parallelism));
        long large = Allocated(() => Seal(Large, parallelism));

        Assert.InRange(large - small, long.MinValue, 64 << 10);
        Assert.InRange(large, 0, (3 * parallelism * 16 * StreamLimits.DefaultFrameSize) + (1 << 20));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Opener_TenTimesTheData_AllocatesNoMore(int parallelism)
    {
        using StreamKey key = StreamKey.Generate();
        byte[] smallFile = Sealed(key, Small);
        byte[] largeFile = Sealed(key, Large);
        Open(key, smallFile, parallelism);
        long small = Allocated(() => Open(key, smallFile, parallelism));
        long large = Allocated(() => Open(key, largeFile, parallelism));

        Assert.InRange(large - small, long.MinValue, 64 << 10);
    }

    // The test runner still reports earlier tests in the background; the least of a few runs is free of that.
    private static long Allocated(Action action) =>
        Enumerable.Range(0, 4).Min(_ =>
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            action();
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        });

    private static void Seal(int length, int parallelism)
    {
        using StreamKey key = StreamKey.Generate();
        Fill(Stream.Null, key, length, parallelism);
    }

    private static byte[] Sealed(StreamKey key, int length)
    {
        var output = new MemoryStream(length + (length / 1000));
        Fill(output, key, length, 2);
        return output.ToArray();
    }

    private static void Fill(Stream output, StreamKey key, int length, int parallelism)
    {
        byte[] piece = new byte[100_000];
        using var sealer = new StreamSealer(output, key, StreamHeader.Create(StreamKind.Data, "clinic-a"), parallelism);
        for (int done = 0; done < length; done += piece.Length)
        {
            sealer.Write(piece);
        }

        sealer.Finish();
    }

    private static void Open(StreamKey key, byte[] file, int parallelism)
    {
        using StreamOpener opener = StreamOpener.Open(new MemoryStream(file), key, parallelism);
        opener.CopyTo(Stream.Null);
    }
}
