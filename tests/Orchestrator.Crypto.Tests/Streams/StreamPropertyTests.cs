using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Crypto.Tests.Streams;

/// <summary>What holds for every stream; FsCheck prints the seed of a failure.</summary>
public class StreamPropertyTests
{
    private sealed record Case(int RecordSize, int Records, int FrameTarget, int WriteSize, int Parallelism, int Kind, int Run);

    private static readonly Gen<Case> s_cases =
        from recordSize in Gen.Choose(1, 40)
        from records in Gen.Choose(0, 120)
        from target in Gen.Choose(1, 900)
        from write in Gen.Choose(1, 2000)
        from parallelism in Gen.Choose(1, 4)
        from kind in Gen.Choose(1, 5)
        from run in Gen.Choose(0, StreamLimits.MaxRun)
        select new Case(recordSize, records, target, write, parallelism, kind, run);

    [Fact]
    public void AnyStream_OpenedAndSealedAgain_IsTheSameBytes() => ForAll((c, key, file) =>
    {
        using StreamOpener opener = StreamOpener.Open(new MemoryStream(file), key);
        byte[] plaintext = Sealing.Open(key, file, c.Parallelism);
        return plaintext.AsSpan().SequenceEqual(Plaintext(c)) && Sealing.Seal(key, opener.Header, plaintext).AsSpan().SequenceEqual(file);
    });

    [Fact]
    public void AnyStream_KeylessReaderAndOpener_AgreeOnTheLayout() => ForAll((c, key, file) =>
    {
        StreamLayout layout = StreamDigester.Digest(new MemoryStream(file)).Layout;
        using SealedStreamReader reader = SealedStreamReader.Open(new MemoryStream(file), key);
        return layout.RecordCount == c.Records && layout.FrameCount == reader.FrameCount && layout.TotalLength == file.Length;
    });

    [Fact]
    public void AnyStream_OneByteAltered_IsRefused() => ForAll((c, key, file) =>
    {
        byte[] altered = (byte[])file.Clone();
        int at = (c.WriteSize * 7919) % file.Length;
        altered[at] ^= (byte)(1 + (c.Run % 255));
        return Sealing.OpenError(key, altered, c.Parallelism) is not null;
    });

    [Fact]
    public void AnyStream_AnyPrefix_IsRefused() => ForAll((c, key, file) =>
        Sealing.OpenError(key, file[..(c.WriteSize * 7919 % file.Length)], c.Parallelism) is not null);

    [Fact]
    public void AnyBytes_AfterTheMagic_GiveACodeAndNoOtherException() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), tail =>
        {
            using StreamKey key = StreamKey.Generate();
            byte[] file = [.. "itx-seal"u8, 0, 0, 0, 1, 0, 0, 0, (byte)(tail.Length / 2), .. tail];
            return Sealing.OpenError(key, file) is not null && Sealing.DigestError(file) is not null;
        }));

    private static void ForAll(Func<Case, StreamKey, byte[], bool> holds) =>
        Check.QuickThrowOnFailure(Prop.ForAll(s_cases.ToArbitrary(), c =>
        {
            using StreamKey key = StreamKey.Generate();
            int frameSize = StreamHeader.FrameSizeFor(c.RecordSize, c.FrameTarget);
            StreamHeader header = Sealing.Header(c.RecordSize, frameSize, (StreamKind)c.Kind, c.Run);
            return holds(c, key, Sealing.Seal(key, header, Plaintext(c), c.WriteSize, c.Parallelism));
        }));

    private static byte[] Plaintext(Case c) => Sealing.Bytes(c.RecordSize * c.Records, c.Run);
}
