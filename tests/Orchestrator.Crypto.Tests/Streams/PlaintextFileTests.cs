using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Tests.Streams;

public sealed class PlaintextFileTests : IDisposable
{
    private const int C = Sealing.FrameSize;

    private readonly StreamKey _key = StreamKey.Generate();
    private readonly StreamHeader _header = Sealing.Header();

    public static TheoryData<int, int> Lengths
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int length in new[] { 0, 1, C - 1, C, (15 * C) + 3, 16 * C, (16 * C) + 1, 32 * C, (100 * C) + 77 })
            {
                data.Add(length, 1);
                data.Add(length, 3);
            }

            return data;
        }
    }

    public void Dispose() => _key.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void CopyFrom_AFile_SealsAsWritingDoes(int length, int parallelism)
    {
        const int Start = 11;
        byte[] plaintext = Sealing.Bytes(length);
        using TemporaryFile file = new([.. new byte[Start], .. plaintext, 1, 2, 3]);

        Assert.Equal(Sealing.Seal(_key, _header, plaintext), SealFrom(new PlaintextFile(file.Handle, Start, length), parallelism));
        Assert.Equal(Sealing.Seal(_key, _header, [.. plaintext, 1, 2, 3]), SealFrom(new PlaintextFile(file.Handle, Start), parallelism));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void CopyFrom_SourceThatRefuses_GivesItsFirstRefusal(int parallelism)
    {
        var source = new Refusing(length: 200 * C, first: 40 * C);
        using var sealer = new StreamSealer(Stream.Null, _key, _header, parallelism);

        var error = Assert.Throws<OrchestratorException>(() =>
        {
            sealer.CopyFrom(source);
            sealer.Finish();
        });

        Assert.Equal($"refused at {40 * C}", error.Message);
    }

    [Fact]
    public void CopyFrom_FileThatBecameShorter_Fails()
    {
        using TemporaryFile file = new(Sealing.Bytes(20 * C));
        var plaintext = new PlaintextFile(file.Handle);
        File.WriteAllBytes(file.Path, new byte[18 * C]);

        Assert.Throws<EndOfStreamException>(() => SealFrom(plaintext, 2));
    }

    [Fact]
    public void CopyFrom_AfterPlaintext_IsRefused()
    {
        using TemporaryFile file = new(Sealing.Bytes(C));
        using var sealer = new StreamSealer(Stream.Null, _key, _header);
        sealer.Write([1]);

        Assert.Throws<InvalidOperationException>(() => sealer.CopyFrom(new PlaintextFile(file.Handle)));
    }

    [Fact]
    public void CopyFrom_FollowedByPlaintext_IsRefused()
    {
        using TemporaryFile file = new(Sealing.Bytes(C));
        using var sealer = new StreamSealer(Stream.Null, _key, _header);
        sealer.CopyFrom(new PlaintextFile(file.Handle));

        Assert.Throws<InvalidOperationException>(() => sealer.Write([1]));
        Assert.Throws<InvalidOperationException>(() => sealer.CopyFrom(new PlaintextFile(file.Handle)));
    }

    [Fact]
    public void CopyFrom_AfterFinish_IsRefused()
    {
        using TemporaryFile file = new(Sealing.Bytes(C));
        using var sealer = new StreamSealer(Stream.Null, _key, _header);
        sealer.Finish();

        Assert.Throws<InvalidOperationException>(() => sealer.CopyFrom(new PlaintextFile(file.Handle)));
    }

    [Fact]
    public void CopyFrom_MoreThanAStreamHolds_IsRefusedBeforeReading()
    {
        long most = Math.Min(StreamLimits.MaxFrames * C, StreamLimits.MaxPlaintextSize);
        using var sealer = new StreamSealer(Stream.Null, _key, _header);

        Assert.Equal(StreamErrors.TooLong, Assert.Throws<OrchestratorException>(() => sealer.CopyFrom(new Refusing(most, 0))).Code);
    }

    [Fact]
    public void CopyFrom_Cancelled_Stops()
    {
        using TemporaryFile file = new(Sealing.Bytes(20 * C));
        using var sealer = new StreamSealer(Stream.Null, _key, _header, parallelism: 2);

        Assert.Throws<OperationCanceledException>(() => sealer.CopyFrom(new PlaintextFile(file.Handle), new CancellationToken(canceled: true)));
    }

    private byte[] SealFrom(IPlaintextFile plaintext, int parallelism)
    {
        var output = new MemoryStream();
        using var sealer = new StreamSealer(output, _key, _header, parallelism);
        sealer.CopyFrom(plaintext);
        Assert.Equal(plaintext.Length, sealer.PlaintextLength);
        sealer.Finish();
        return output.ToArray();
    }

    /// <summary>Refuses every read from some offset on.</summary>
    private sealed class Refusing(long length, long first) : IPlaintextFile
    {
        private static readonly ErrorCode s_code = new("refused", ErrorClass.Input, "Refused.", "None.");

        public long Length => length;

        public void Read(long offset, Span<byte> destination)
        {
            if (offset >= first)
            {
                throw new OrchestratorException(s_code, $"refused at {offset}");
            }
        }
    }

    private sealed class TemporaryFile : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-plaintext-");

        public TemporaryFile(byte[] content)
        {
            Path = System.IO.Path.Combine(_folder.FullName, "file");
            File.WriteAllBytes(Path, content);
            Handle = File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }

        public string Path { get; }

        public Microsoft.Win32.SafeHandles.SafeFileHandle Handle { get; }

        public void Dispose()
        {
            Handle.Dispose();
            _folder.Delete(recursive: true);
        }
    }
}
