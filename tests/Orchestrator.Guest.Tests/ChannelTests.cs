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

    [Fact]
    public async Task Failure_CrossesWithItsCodeClassAndRemedy()
    {
        (GuestChannel channel, Task serving) = Connect((_, _, _) => throw new DeniedException(s_code, "Not so.", "policyDecision< e30= >policyDecision"));

        var denied = await Assert.ThrowsAsync<DeniedException>(() => channel.AskAsync("any", CborMap.Of()));

        Assert.Equal(("test-refused", ErrorClass.Refused, "Not so.", "Nothing is to be done."), (denied.Code.Id, denied.Code.Class, denied.Message, denied.Remedy));
        Assert.Equal("policyDecision< e30= >policyDecision", denied.Envelope);
        await channel.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task Defect_OfTheGuest_SaysNothingOfItsContent()
    {
        (GuestChannel channel, Task serving) = Connect((_, _, _) => throw new InvalidOperationException("the secret is 42"));

        var failure = await Assert.ThrowsAsync<OrchestratorException>(() => channel.AskAsync("any", CborMap.Of()));

        Assert.Equal("channel-internal", failure.Code.Id);
        Assert.DoesNotContain("42", failure.Message, StringComparison.Ordinal);
        await channel.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task Guest_ThatHangsUp_FailsWhatIsAskedAndWhatWillBe()
    {
        using var end = new CancellationTokenSource();
        (GuestChannel channel, Task serving) = Connect(async (_, _, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return 0L;
        }, end.Token);
        Task<CborField> asked = channel.AskAsync("any", CborMap.Of());

        await end.CancelAsync();

        await serving;
        Assert.Equal("channel-closed", (await Assert.ThrowsAsync<OrchestratorException>(() => asked)).Code.Id);
        Assert.Equal("channel-closed", (await Assert.ThrowsAsync<OrchestratorException>(() => channel.AskAsync("any", CborMap.Of()))).Code.Id);
        await channel.DisposeAsync();
    }

    [Theory]
    [InlineData("00000000", "")]
    [InlineData("00900001", "")]
    [InlineData("00000002", "a0a0")]
    [InlineData("00000001", "a0")]
    [InlineData("00000014", "a3626964006262f76f706573746174656462f76f6479a0")]
    [InlineData("00000015", "a36269641800626f706573746174656462f76f6479a0")]
    [InlineData("00000001", "f6")]
    public async Task Host_WhoseMessagesAreNone_IsHungUpOn(string head, string message)
    {
        using var stream = new MemoryStream();
        stream.Write(Convert.FromHexString(head));
        stream.Write(Convert.FromHexString(message));
        stream.Write(new byte[64]);
        stream.Position = 0;

        var failure = await Assert.ThrowsAsync<OrchestratorException>(() => ChannelServer.ServeAsync(stream, (_, _, _) => throw new InvalidOperationException("It was asked.")));

        Assert.Equal("channel-malformed", failure.Code.Id);
    }

    [Fact]
    public async Task Requests_BeyondTheLimit_AreRefused_AndTheOthersGoOn()
    {
        var go = new TaskCompletionSource<CborValue>();
        (GuestChannel channel, Task serving) = Connect((_, _, _) => go.Task);
        Task<CborField>[] asked = [.. Enumerable.Range(0, ChannelServer.MaxRequests + 1).Select(_ => channel.AskAsync("any", CborMap.Of()))];

        Task<CborField> first = await Task.WhenAny(asked);
        go.SetResult(1L);

        Assert.Equal("channel-busy", (await Assert.ThrowsAsync<OrchestratorException>(() => first)).Code.Id);
        Assert.All(await Task.WhenAll(asked.Where(task => task != first)), answer => Assert.Equal(1, answer.AsInt64()));
        await channel.DisposeAsync();
        await serving;
    }

    private static (GuestChannel, Task) Connect(ChannelHandler handler, CancellationToken cancel = default)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var address = new UnixDomainSocketEndPoint($"\0{Guid()}");
        listener.Bind(address);
        listener.Listen();
        var host = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        host.Connect(address);
        return (new GuestChannel(new NetworkStream(host, ownsSocket: true)), ChannelServer.ServeAsync(new NetworkStream(listener.Accept(), ownsSocket: true), handler, cancel));
    }

    private static string Guid() => System.Security.Cryptography.RandomNumberGenerator.GetHexString(16);
}
