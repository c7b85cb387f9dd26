namespace Orchestrator.Device.Runs;

/// <summary>What a device's time in a run goes to, besides computing (docs/spec/device.md, Overhead).</summary>
public enum OverheadTerm
{
    /// <summary>Waiting for the host.</summary>
    Transfer,

    /// <summary>Tags, digests and decryption.</summary>
    Decrypt,

    /// <summary>Handing program and frames to the tiles.</summary>
    Ingest,

    /// <summary>Sealing outputs and sending them.</summary>
    Egress,
}

/// <summary>Adds up the overhead of one run. Safe for concurrent use.</summary>
public sealed class OverheadClock(TimeProvider time)
{
    private readonly long[] _ticks = new long[Enum.GetValues<OverheadTerm>().Length];

    /// <summary>Counts the time until the result is disposed of.</summary>
    /// <param name="term">As what.</param>
    /// <param name="not">As what it is not counted, though that is measured around it.</param>
    public Interval Measure(OverheadTerm term, OverheadTerm? not = null) => new(this, term, not, time.GetTimestamp());

    /// <summary>The sum so far.</summary>
    public ulong Microseconds(OverheadTerm term) => (ulong)time.GetElapsedTime(0, Math.Max(0, Interlocked.Read(ref _ticks[(int)term]))).TotalMicroseconds;

    private void Add(OverheadTerm term, OverheadTerm? not, long start)
    {
        long elapsed = time.GetTimestamp() - start;
        Interlocked.Add(ref _ticks[(int)term], elapsed);
        if (not is { } other)
        {
            Interlocked.Add(ref _ticks[(int)other], -elapsed);
        }
    }

    /// <summary>A time that is being measured.</summary>
    public readonly struct Interval : IDisposable
    {
        private readonly OverheadClock _clock;
        private readonly OverheadTerm _term;
        private readonly OverheadTerm? _not;
        private readonly long _start;

        internal Interval(OverheadClock clock, OverheadTerm term, OverheadTerm? not, long start)
        {
            _clock = clock;
            _term = term;
            _not = not;
            _start = start;
        }

        /// <inheritdoc/>
        public void Dispose() => _clock.Add(_term, _not, _start);
    }
}
