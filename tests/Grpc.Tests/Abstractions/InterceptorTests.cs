using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Peer;

namespace Grpc.Tests.Abstractions;

/// <summary>What stands between a generated client and the channel.</summary>
public class InterceptorTests
{
    private static readonly Blob Request = new() { Body = ByteString.CopyFromUtf8("request") };

    private readonly RecordingInvoker channel = new();

    [Fact]
    public void Interceptors_RunInTheOrderGiven()
    {
        var log = new List<string>();
        var client = new Exchange.ExchangeClient(channel.Intercept(new Logger("first", log), new Logger("second", log)));

        client.Echo(Request);

        Assert.Equal(["first", "second"], log);
        Assert.Equal(["/exchange.Exchange/Echo"], channel.Methods);
    }

    [Fact]
    public void Function_ReplacesTheHeadersOfEveryKindOfCall()
    {
        var client = new Exchange.ExchangeClient(channel.Intercept(headers =>
        {
            headers.Add("x-added", "1");
            return headers;
        }));

        CallEveryKind(client);

        Assert.Equal(5, channel.Headers.Count);
        Assert.All(channel.Headers, headers => Assert.Equal("1", headers!.GetValue("x-added")));
    }

    [Fact]
    public void WithHost_NamesTheHostInEveryKindOfCallOfTheCopyOnly()
    {
        var client = new Exchange.ExchangeClient(channel);

        CallEveryKind(client.WithHost("first").WithHost("other"));
        client.Echo(Request);

        Assert.Equal(["other", "other", "other", "other", "other", null], channel.Hosts);
    }

    [Fact]
    public void Client_OverAChannel_UsesItsInvoker()
    {
        new Exchange.ExchangeClient(new OneInvokerChannel(channel)).Echo(Request);

        Assert.Equal(["/exchange.Exchange/Echo"], channel.Methods);
    }

    private static void CallEveryKind(Exchange.ExchangeClient client)
    {
        client.Echo(Request);
        client.EchoAsync(Request);
        client.Split(Request);
        client.Concatenate();
        client.Converse();
    }

    private sealed class Logger(string name, List<string> log) : Interceptor
    {
        public override TResponse BlockingUnaryCall<TRequest, TResponse>(
            TRequest request,
            ClientInterceptorContext<TRequest, TResponse> context,
            BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            log.Add(name);
            return continuation(request, context);
        }
    }

    private sealed class OneInvokerChannel(CallInvoker invoker) : ChannelBase("nowhere")
    {
        public override CallInvoker CreateCallInvoker() => invoker;
    }

    /// <summary>Records calls and answers unary ones with nothing.</summary>
    private sealed class RecordingInvoker : CallInvoker
    {
        public List<string> Methods { get; } = [];

        public List<string?> Hosts { get; } = [];

        public List<Metadata?> Headers { get; } = [];

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            Record(method, host, options);
            return null!;
        }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            Record(method, host, options);
            return null!;
        }

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            Record(method, host, options);
            return null!;
        }

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options)
        {
            Record(method, host, options);
            return null!;
        }

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options)
        {
            Record(method, host, options);
            return null!;
        }

        private void Record(IMethod method, string? host, CallOptions options)
        {
            Methods.Add(method.FullName);
            Hosts.Add(host);
            Headers.Add(options.Headers);
        }
    }
}
