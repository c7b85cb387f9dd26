using Orchestrator.Device.Sessions;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Sessions;

public sealed class TileMemoryBudgetTests
{
    // Program of 1000 bytes four times; two frames of each of three streams; two batches of four records.
    private const long Needed = (4 * 1000) + (3 * 2 * TestJob.RecordsPerFrame * TestJob.RecordSize) + (2 * 4 * TestJob.RecordSize);

    private readonly TestJob _job = new(TestDevice.Firmware);

    [Fact]
    public void Estimate_Job_CountsProgramFramesAndBatches() => Assert.Equal(Needed, TileMemoryBudget.Estimate(_job.Manifest.Content));

    [Fact]
    public void Check_AtTheLimit_PassesAndBeyondItRefuses()
    {
        TileMemoryBudget.Check(_job.Manifest.Content, Needed);
        ErrorAssert.Throws(DeviceErrors.MemoryExceeded, () => TileMemoryBudget.Check(_job.Manifest.Content, Needed - 1));
    }
}
