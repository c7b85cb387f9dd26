using Orchestrator.Crypto.Streams;

namespace Orchestrator.Sdk;

/// <summary>How far long work has come.</summary>
/// <param name="Work">What is being done, e.g. <c>seal</c>.</param>
/// <param name="Done">Bytes dealt with.</param>
/// <param name="Total">Bytes in all; <see langword="null"/> when nobody knows.</param>
/// <param name="PerSecond">Bytes a second, over the whole work so far.</param>
/// <param name="Remaining">Time left at this rate; <see langword="null"/> when nobody knows.</param>
public readonly record struct WorkProgress(string Work, long Done, long? Total, double PerSecond, TimeSpan? Remaining);

/// <summary>Turns counts of bytes into <see cref="WorkProgress"/> reports, a few a second.</summary>
internal sealed class ProgressMeter(string work, long? total, IProgress<WorkProgress>? receiver, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly long _started = time.GetTimestamp();
    private long _done;
    private long _skipped;
    private TimeSpan _reported;

    /// <summary>Counts bytes that need no work, such as those that an earlier attempt moved: they do not raise the rate.</summary>
    public void Skip(long bytes)
    {
        _skipped += bytes;
        _done += bytes;
    }

    /// <summary>Counts bytes, and reports when the last report is old enough or all is done.</summary>
    public void Add(long bytes)
    {
        // A reader may read a file's directory before its content: then more is read than the file has.
        _done = Math.Min(_done + bytes, total ?? long.MaxValue);
        TimeSpan elapsed = time.GetElapsedTime(_started);
        if (receiver is not null && (elapsed - _reported >= s_interval || _done == total))
        {
            _reported = elapsed;
            receiver.Report(At(elapsed));
        }
    }

    private WorkProgress At(TimeSpan elapsed)
    {
        double rate = elapsed > TimeSpan.Zero ? (_done - _skipped) / elapsed.TotalSeconds : 0;
        TimeSpan? remaining = total is { } all && rate > 0 ? TimeSpan.FromSeconds((all - _done) / rate) : null;
        return new WorkProgress(work, _done, total, rate, remaining);
    }
}

/// <summary>A plaintext that counts what several threads read from it.</summary>
internal sealed class MeteredPlaintext(IPlaintextFile inner, ProgressMeter meter) : IPlaintextFile
{
    private readonly Lock _gate = new();

    public long Length => inner.Length;

    public void Read(long offset, Span<byte> destination)
    {
        inner.Read(offset, destination);
        lock (_gate)
        {
            meter.Add(destination.Length);
        }
    }
}

/// <summary>A readable stream that counts what is read from it, and disposes it.</summary>
internal sealed class MeteredStream(Stream inner, ProgressMeter meter) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        meter.Add(read);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
