using System.Globalization;
using System.Text;
using Grpc.Core;
using Grpc.Tests.Harness;

namespace Grpc.Tests.Interoperability;

/// <summary>What a client and a server of any two implementations do for each other; the peers are described in <c>peers/README.md</c>.</summary>
public abstract class InteroperabilityTests<TClient, TServer, TTransport> : IClassFixture<Pair<TClient, TServer, TTransport>>
    where TClient : IPeerKind
    where TServer : IPeerKind
    where TTransport : ITransport
{
    /// <summary>What a <c>Blob</c> of that size takes beside its body: a tag, and a length of four bytes.</summary>
    private const int BlobOverhead = 5;

    private const int LargestBody = Pair<TClient, TServer, TTransport>.MessageLimit - BlobOverhead;

    protected InteroperabilityTests(Pair<TClient, TServer, TTransport> pair)
    {
        Pair = pair;
        string? missing = Pair<TClient, TServer, TTransport>.Missing;
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
    }

    protected Pair<TClient, TServer, TTransport> Pair { get; }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("00ff")]
    public async Task Unary_Request_IsAnswered(string body)
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Echo", new Body(body)));

        Assert.Equal(StatusCode.OK, outcome.Status);
        Assert.Equal([body], outcome.Responses);
    }

    [Fact]
    public async Task ClientStream_AllRequests_ReachTheServerInOrder()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Concatenate", new Body("0102"), new Body(""), new Body("03")));

        Assert.Equal(StatusCode.OK, outcome.Status);
        Assert.Equal(["010203"], outcome.Responses);
    }

    [Fact]
    public async Task ServerStream_AllResponses_ReachTheClientInOrder()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Split", new Body("030201")));

        Assert.Equal(StatusCode.OK, outcome.Status);
        Assert.Equal(["03", "02", "01"], outcome.Responses);
    }

    [Fact]
    public async Task DuplexStream_EachRequest_IsAnsweredBeforeTheNext()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Converse", new Body("01"), new Body("02"), new Body("03")));

        Assert.Equal(StatusCode.OK, outcome.Status);
        Assert.Equal(["01", "02", "03"], outcome.Responses);
    }

    [Fact]
    public async Task Metadata_OfTheRequest_ComesBackAsHeadersAndTrailers()
    {
        string everyByte = Convert.ToHexStringLower([.. Enumerable.Range(0, 256).Select(i => (byte)i)]);
        Outcome outcome = await Pair.Client.CallAsync(new Order("Echo", new Body(""))
        {
            Metadata = [("x-text", "a text ~!"), ("x-many", "first"), ("x-many", "second"), ("x-bytes-bin", everyByte), ("x-one-bin", "2c")],
        });

        Assert.Equal(StatusCode.OK, outcome.Status);
        foreach (Entries entries in new[] { outcome.Headers, outcome.Trailers })
        {
            Assert.Equal("a text ~!", entries["x-text"]);
            Assert.Equal("first,second", entries["x-many"]);
            Assert.Equal(everyByte, entries["x-bytes-bin"]);
            Assert.Equal("2c", entries["x-one-bin"]);
        }
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failure_WithAnyCode_ArrivesWithDetailAndTrailers(StatusCode code)
    {
        const string detail = "détail: 100 % ☃";
        string body = Convert.ToHexStringLower([(byte)code, .. Encoding.UTF8.GetBytes(detail)]);

        Outcome outcome = await Pair.Client.CallAsync(new Order("Fail", new Body(body)));

        Assert.Equal(code, outcome.Status);
        Assert.Equal(detail, outcome.Detail);
        Assert.Empty(outcome.Responses);
        Assert.Equal("as asked", outcome.Trailers["x-reason"]);
        Assert.Equal("00ff", outcome.Trailers["x-reason-bin"]);
    }

    public static TheoryData<StatusCode> Failures() => [.. Enum.GetValues<StatusCode>().Except([StatusCode.OK])];

    [Fact]
    public async Task Failure_ByAnExceptionInTheServer_IsUnknown()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Fail", new Body("")));

        Assert.Equal(StatusCode.Unknown, outcome.Status);
    }

    [Fact]
    public async Task Method_ThatTheServerLacks_IsUnimplemented()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Nowhere", new Body("")));

        Assert.Equal(StatusCode.Unimplemented, outcome.Status);
    }

    [Fact]
    public async Task Deadline_OfTheClient_IsKnownToTheServer()
    {
        const int seconds = 60;
        Outcome limited = await Pair.Client.CallAsync(new Order("Remaining", new Body("")) { Timeout = TimeSpan.FromSeconds(seconds) });
        Outcome unlimited = await Pair.Client.CallAsync(new Order("Remaining", new Body("")));

        string left = Encoding.UTF8.GetString(Convert.FromHexString(Assert.Single(limited.Responses)));
        Assert.InRange(int.Parse(left, CultureInfo.InvariantCulture), (seconds - 30) * 1000, (seconds + 1) * 1000);
        Assert.Equal([Body.OfText("none").Hex], unlimited.Responses);
    }

    [Fact]
    public async Task Deadline_Passing_EndsTheCallOnBothSides()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Wait", new Body("dead")) { Timeout = TimeSpan.FromSeconds(1.5) });
        Outcome seen = await Pair.Client.CallAsync(new Order("Cancelled", new Body("dead")));

        Assert.Equal(StatusCode.DeadlineExceeded, outcome.Status);
        Assert.Equal(StatusCode.OK, seen.Status);
    }

    [Fact]
    public async Task Cancellation_ByTheClient_EndsTheCallOnBothSides()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Wait", new Body("ca")) { CancelAfter = 1 });
        Outcome seen = await Pair.Client.CallAsync(new Order("Cancelled", new Body("ca")));

        Assert.Equal(StatusCode.Cancelled, outcome.Status);
        Assert.Equal(["ca"], outcome.Responses);
        Assert.Equal(StatusCode.OK, seen.Status);
    }

    [Fact]
    public async Task Message_AsLongAsTheLimit_Passes()
    {
        Body body = Body.OfSize(LargestBody);

        Outcome outcome = await Pair.Client.CallAsync(new Order("Echo", body));

        Assert.Equal(StatusCode.OK, outcome.Status);
        Assert.Equal([body.Printed], outcome.Responses);
    }

    [Fact]
    public async Task Request_OneByteOverTheServersLimit_IsRefused()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Echo", Body.OfSize(LargestBody + 1)));
        Outcome next = await Pair.Client.CallAsync(new Order("Echo", new Body("01")));

        Assert.Equal(StatusCode.ResourceExhausted, outcome.Status);
        Assert.Empty(outcome.Responses);
        Assert.Equal(["01"], next.Responses);
    }

    [Fact]
    public async Task Response_OneByteOverTheClientsLimit_IsRefused()
    {
        Outcome outcome = await Pair.Client.CallAsync(new Order("Produce", Body.OfText($"{LargestBody + 1}")));
        Outcome next = await Pair.Client.CallAsync(new Order("Echo", new Body("01")));

        Assert.Equal(StatusCode.ResourceExhausted, outcome.Status);
        Assert.Empty(outcome.Responses);
        Assert.Equal(["01"], next.Responses);
    }

    [Fact]
    public async Task Server_KilledDuringACall_IsUnavailable()
    {
        await using ServerPeer server = await Pair.StartServerAsync();
        await using ClientPeer client = Pair.StartClient(server.Port);
        await client.SendAsync(new Order("Wait", new Body("01")));
        Assert.Equal("01", await client.ResponseAsync());

        await server.KillAsync();
        Outcome outcome = await client.OutcomeAsync();
        Outcome next = await client.CallAsync(new Order("Echo", new Body("02")));

        Assert.Equal(StatusCode.Unavailable, outcome.Status);
        Assert.Equal(StatusCode.Unavailable, next.Status);
    }

    [Fact]
    public async Task Client_KilledDuringACall_IsACancellationToTheServer()
    {
        await using ClientPeer victim = Pair.StartClient(Pair.Server.Port);
        await victim.SendAsync(new Order("Wait", new Body("de")));
        Assert.Equal("de", await victim.ResponseAsync());

        await victim.KillAsync();
        Outcome seen = await Pair.Client.CallAsync(new Order("Cancelled", new Body("de")));

        Assert.Equal(StatusCode.OK, seen.Status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compression_OfBothSides_ShrinksWhatGoesOverTheWire(string name)
    {
        const int size = 1024 * 1024;
        await using ServerPeer server = await Pair.StartServerAsync("--compression", name);
        await using var relay = new CountingRelay(server.Port);
        await using ClientPeer client = Pair.StartClient(relay.Port, "--compression", name);

        Outcome outcome = await client.CallAsync(new Order("Echo", Body.OfSize(size)));

        Assert.Equal([Body.OfSize(size).Printed], outcome.Responses);
        Assert.InRange(relay.Sent, 1, size / 10);
        if (TServer.CompressesResponses)
        {
            Assert.InRange(relay.Received, 1, size / 10);
        }
    }
}
