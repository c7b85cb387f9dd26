using System.Net.Sockets;
using Orchestrator.Channel;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Guest.Tests;

public sealed class ChannelTests
{
    private static readonly ErrorCode s_code = new("test-refused", ErrorClass.Refused, "A test refuses.", "Nothing is to be done.");

    [Fact]
    public async Task Answers_ComeToWhoAsked_InWhateverOrder()
    {
        var first = new TaskCompletionSource<CborValue>();
        (GuestChannel channel, Task serving) = Connect((operation, _, _) => operation == "first" ? first.Task : Task.FromResult<CborValue>(2L));
        Task<CborField> early = channel.AskAsync("first", CborMap.Of());
        Assert.Equal(2, (await channel.AskAsync("second", CborMap.Of())).AsInt64());
        first.SetResult(1L);
        Assert.Equal(1, (await early).AsInt64());
        await channel.DisposeAsync();
        await serving;
    }

    private static (GuestChannel, Task) Connect(ChannelHandler handler)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var address = new UnixDomainSocketEndPoint($"\0{Guid()}");
        listener.Bind(address);
        listener.Listen();
        var host = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        host.Connect(address);
        return (new GuestChannel(new NetworkStream(host, ownsSocket: true)), ChannelServer.ServeAsync(new NetworkStream(listener.Accept(), ownsSocket: true), handler));
    }

    private static string Guid() => System.Security.Cryptography.RandomNumberGenerator.GetHexString(16);
}
