using Grpc.Core;

namespace Grpc.Tests.Abstractions;

public class CallTests
{
    [Fact]
    public async Task Unary_MadeOfItsParts_GivesThemBack()
    {
        bool disposed = false;
        Metadata headers = new() { { "a", "1" } };
        Metadata trailers = new() { { "b", "2" } };
        var call = new AsyncUnaryCall<string>(
            Task.FromResult("response"), Task.FromResult(headers), () => Status.DefaultCancelled, () => trailers, () => disposed = true);

        Assert.Equal("response", await call);
        Assert.Same(headers, await call.ResponseHeadersAsync);
        Assert.Same(trailers, call.GetTrailers());
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        call.Dispose();
        Assert.True(disposed);
    }

    [Fact]
    public void Duplex_WithState_HandsItToEachFunction()
    {
        object state = new();
        var seen = new List<object>();
        var call = new AsyncDuplexStreamingCall<string, string>(
            null!,
            null!,
            given => { seen.Add(given); return Task.FromResult(Metadata.Empty); },
            given => { seen.Add(given); return Status.DefaultSuccess; },
            given => { seen.Add(given); return Metadata.Empty; },
            seen.Add,
            state);

        _ = call.ResponseHeadersAsync;
        _ = call.GetStatus();
        _ = call.GetTrailers();
        call.Dispose();

        Assert.Equal([state, state, state, state], seen);
    }

    [Fact]
    public void Options_With_ChangesOnlyTheCopy()
    {
        Metadata headers = [];
        DateTime deadline = DateTime.UnixEpoch;
        using var cancellation = new CancellationTokenSource();
        var write = new WriteOptions(WriteFlags.NoCompress);
        CallCredentials credentials = CallCredentials.FromInterceptor((_, _) => Task.CompletedTask);
        var plain = default(CallOptions);

        CallOptions changed = plain.WithHeaders(headers).WithDeadline(deadline).WithCancellationToken(cancellation.Token)
            .WithWriteOptions(write).WithCredentials(credentials).WithWaitForReady();

        Assert.Equal((null, null, false), (plain.Headers, plain.Deadline, plain.IsWaitForReady));
        Assert.Same(headers, changed.Headers);
        Assert.Equal(deadline, changed.Deadline);
        Assert.Equal(cancellation.Token, changed.CancellationToken);
        Assert.Same(write, changed.WriteOptions);
        Assert.Same(credentials, changed.Credentials);
        Assert.True(changed.IsWaitForReady);
        Assert.False(changed.WithWaitForReady(false).IsWaitForReady);
    }

    [Fact]
    public void Exception_CarriesStatusTrailersAndCause()
    {
        var cause = new IOException("cable");
        Metadata trailers = new() { { "a", "1" } };
        var exception = new RpcException(new Status(StatusCode.Unavailable, "away", cause), trailers);

        Assert.Equal(StatusCode.Unavailable, exception.StatusCode);
        Assert.Equal("away", exception.Status.Detail);
        Assert.Same(trailers, exception.Trailers);
        Assert.Same(cause, exception.InnerException);
        Assert.Contains("Unavailable", exception.Message, StringComparison.Ordinal);
        Assert.Empty(new RpcException(Status.DefaultCancelled).Trailers);
    }

    [Fact]
    public async Task StreamWriter_ThatCannotCancel_RefusesToTry()
    {
        IAsyncStreamWriter<string> writer = new ListWriter();
        using var cancellation = new CancellationTokenSource();

        await writer.WriteAsync("kept", CancellationToken.None);
        await Assert.ThrowsAsync<NotSupportedException>(() => writer.WriteAsync("lost", cancellation.Token));

        Assert.Equal(["kept"], ((ListWriter)writer).Messages);
    }

    [Fact]
    public void Marshaller_OverArrays_WorksThroughContexts()
    {
        var written = new ArrayContext();
        Marshallers.StringMarshaller.ContextualSerializer("naïve", written);

        Assert.Equal("naïve"u8.ToArray(), written.Payload);
        Assert.Equal("naïve", Marshallers.StringMarshaller.ContextualDeserializer(new ArrayReader(written.Payload)));
        Assert.Equal("naïve", Marshallers.StringMarshaller.Deserializer(Marshallers.StringMarshaller.Serializer("naïve")));
    }

    private sealed class ListWriter : IAsyncStreamWriter<string>
    {
        public List<string> Messages { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(string message)
        {
            Messages.Add(message);
            return Task.CompletedTask;
        }
    }

    private sealed class ArrayContext : SerializationContext
    {
        public byte[] Payload { get; private set; } = [];

        public override void Complete(byte[] payload) => Payload = payload;
    }

    private sealed class ArrayReader(byte[] payload) : DeserializationContext
    {
        public override int PayloadLength => payload.Length;

        public override byte[] PayloadAsNewBuffer() => [.. payload];
    }
}
