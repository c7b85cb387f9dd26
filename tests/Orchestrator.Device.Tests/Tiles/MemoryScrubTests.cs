using Orchestrator.Device.Tests.Support;
using Orchestrator.Device.Tiles;

namespace Orchestrator.Device.Tests.Tiles;

public sealed class MemoryScrubTests
{
    [Fact]
    public void Scrub_MemoryWithData_LeavesZeros()
    {
        byte[] memory = [.. Enumerable.Repeat((byte)0xa5, 4099)];
        MemoryScrub.Scrub(memory);
        Assert.Equal(new byte[4099], memory);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2048)]
    [InlineData(4098)]
    public void RequireZero_OneBitAnywhere_Fails(int at)
    {
        byte[] memory = new byte[4099];
        memory[at] = 1;
        ErrorAssert.Throws(DeviceErrors.ScrubFailed, () => MemoryScrub.RequireZero(memory));
    }
}
