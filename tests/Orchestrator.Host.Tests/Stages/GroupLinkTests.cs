using System.Net;
using System.Net.Sockets;
using Orchestrator.Host.Stages;

namespace Orchestrator.Host.Tests.Stages;

/// <summary>Whether a job waits for the shim: for one that cannot be reached, and not for one that nobody named.</summary>
public sealed class GroupLinkTests
{
    [Fact]
    public async Task Shim_ThatCannotBeReached_IsAway_AndOneThatIsNotNamedNeverIs()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var none = new GroupLink(new HostOptions { State = "unused" });
        using var link = new GroupLink(new HostOptions { State = "unused", Shim = new Uri($"http://{listener.LocalEndpoint}") });

        Assert.False(await link.IsAwayAsync(cancel));
        listener.Stop();

        Assert.True(await link.IsAwayAsync(cancel));
        Assert.False(await none.IsAwayAsync(cancel));
        Assert.Null(none.Client);
    }
}
