using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Tiles;

namespace Orchestrator.Device.Tests.Tiles;

public sealed class TileProcessTests
{
    [Fact]
    public async Task Tiles_WhoseStartingThreadHasEnded_LiveOn()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/bwrap"), "bubblewrap is not installed.");
        TileProcess? tiles = null;
        string task = "";
        var thread = new Thread(() =>
        {
            task = new FileInfo("/proc/thread-self").LinkTarget!;
            tiles = TileProcess.Start(new ProcessStartInfo("bwrap", ["--ro-bind", "/", "/", "--die-with-parent", "cat"]), TileMemory.Create(1000), NullLogger.Instance);
        });
        thread.Start();
        thread.Join();
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{task}"), TimeSpan.FromSeconds(30)));

        await using (tiles)
        {
            await tiles!.Channel.SendAsync(new TileMessage.Start(), CancellationToken.None);
            Assert.IsType<TileMessage.Start>(await tiles.Channel.ReceiveAsync(CancellationToken.None));
        }
    }
}
