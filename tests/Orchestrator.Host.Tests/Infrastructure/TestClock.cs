namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>The system's clock, set forward at will; timers keep running.</summary>
internal sealed class TestClock : TimeProvider
{
    private long _ahead;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));
}
