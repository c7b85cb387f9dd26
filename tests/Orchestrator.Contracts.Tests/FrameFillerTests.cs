using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using Orchestrator.Contracts.Transfers;
using Orchestrator.Crypto.IO.Memory;

namespace Orchestrator.Contracts.Tests;

public sealed class FrameFillerTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(255)]
    public void Serve_ForADeviceThatAsksInASlotThatIsNone_EndsBeforeAFrameIsRead(byte slot)
    {
        string door = $"orchestrator-test-{RandomNumberGenerator.GetHexString(32)}";
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint("\0" + door));
        listener.Listen(1);
        using FrameFiller filler = FrameFiller.TryConnect(door)!;
        using Socket device = listener.Accept();
        using DmaRegion region = DmaRegion.Create(2, 1000);
        DescriptorPassing.Send(device, region.File);
        device.Send([slot]);

        IOException failure = Assert.Throws<IOException>(() => filler.Serve((_, _, _) => throw new UnreachableException()));

        Assert.Contains($"slot {slot} of 2", failure.Message, StringComparison.Ordinal);
    }
}
