using System.Net;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Peer;
using Grpc.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grpc.Tests.Abstractions;

/// <summary>A server in this process, over TLS, for what the peers have no use for.</summary>
public sealed class ServerTests : IAsyncDisposable
{
    private static readonly Blob Request = new() { Body = ByteString.CopyFromUtf8("request") };

    private readonly CertificateFiles certificate = new();
    private WebApplication? app;

    [Fact]
    public async Task ServerInterceptor_WrapsTheMethod_AndSharesItsUserState()
    {
        using GrpcChannel channel = await StartAsync(services => services.AddGrpc(options => options.Interceptors.Add<Stamp>()));

        using AsyncUnaryCall<Blob> call = new Exchange.ExchangeClient(channel).EchoAsync(Request);

        Assert.Equal("request, stamped before", (await call).Body.ToStringUtf8());
        Assert.Equal("after", call.GetTrailers().GetValue("x-stamp"));
    }

    [Fact]
    public async Task CallCredentials_OnAProtectedChannel_ReachTheServer()
    {
        AuthInterceptorContext? asked = null;
        CallCredentials credentials = CallCredentials.FromInterceptor((context, metadata) =>
        {
            asked = context;
            metadata.Add("x-token", "secret");
            return Task.CompletedTask;
        });
        using GrpcChannel channel = await StartAsync(
            services => services.AddGrpc(), ChannelCredentials.Create(ChannelCredentials.SecureSsl, credentials));

        Blob response = await new Exchange.ExchangeClient(channel).FailAsync(Request);

        Assert.Equal("secret", response.Body.ToStringUtf8());
        Assert.Equal("Fail", asked!.MethodName);
    }

    [Fact]
    public async Task Context_KnowsMethodPeerAndItsLackOfIdentity()
    {
        using GrpcChannel channel = await StartAsync(services => services.AddGrpc());

        Blob response = await new Exchange.ExchangeClient(channel).RemainingAsync(Request);

        Assert.Matches("^/exchange.Exchange/Remaining from ipv4:127.0.0.1:[0-9]+ False$", response.Body.ToStringUtf8());
    }

    [Fact]
    public async Task StatusSetByTheMethod_EndsTheCall()
    {
        using GrpcChannel channel = await StartAsync(services => services.AddGrpc());

        RpcException failure = await Assert.ThrowsAsync<RpcException>(
            async () => await new Exchange.ExchangeClient(channel).ProduceAsync(Request));

        Assert.Equal(StatusCode.DataLoss, failure.StatusCode);
    }

    [Fact]
    public async Task BlockingCall_ThrowsTheStatus()
    {
        using GrpcChannel channel = await StartAsync(services => services.AddGrpc());

        RpcException failure = Assert.Throws<RpcException>(() => new Exchange.ExchangeClient(channel).Cancelled(Request));

        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
    }

    [Fact]
    public void ServiceDefinition_BindsEachMethodOnce()
    {
        var binder = new NameBinder();
        Exchange.BindService(new Service()).BindService(binder);

        Assert.Equal(
            ["Echo", "Concatenate", "Split", "Converse", "Fail", "Wait", "Cancelled", "Remaining", "Produce"], binder.Names);
    }

    [Fact]
    public void ServiceDefinition_WithAMethodTwice_IsRefused()
    {
        var method = new Method<string, string>(
            MethodType.Unary, "service", "method", Marshallers.StringMarshaller, Marshallers.StringMarshaller);
        UnaryServerMethod<string, string> handler = (request, _) => Task.FromResult(request);
        ServerServiceDefinition.Builder builder = ServerServiceDefinition.CreateBuilder().AddMethod(method, handler);

        Assert.Throws<ArgumentException>(() => builder.AddMethod(method, handler));
    }

    public async ValueTask DisposeAsync()
    {
        await (app?.DisposeAsync() ?? ValueTask.CompletedTask);
        certificate.Dispose();
    }

    private async Task<GrpcChannel> StartAsync(Action<IServiceCollection> addGrpc, ChannelCredentials? credentials = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        addGrpc(builder.Services);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate.Certificate, certificate.Key));
        }));
        app = builder.Build();
        app.MapGrpcService<Service>();
        await app.StartAsync();

        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(certificate.Certificate);
        return GrpcChannel.ForAddress(app.Urls.Single(), new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust } },
            DisposeHttpClient = true,
            Credentials = credentials,
        });
    }

    private sealed class Service : Exchange.ExchangeBase
    {
        public override Task<Blob> Echo(Blob request, ServerCallContext context) =>
            Text($"{request.Body.ToStringUtf8()}, stamped {context.UserState["stamp"]}");

        public override Task<Blob> Fail(Blob request, ServerCallContext context) => Text(context.RequestHeaders.GetValue("x-token")!);

        public override Task<Blob> Remaining(Blob request, ServerCallContext context) =>
            Text($"{context.Method} from {context.Peer} {context.AuthContext.IsPeerAuthenticated}");

        public override Task<Blob> Produce(Blob request, ServerCallContext context)
        {
            context.Status = new Status(StatusCode.DataLoss, "gone");
            return Task.FromResult(request);
        }

        private static Task<Blob> Text(string text) => Task.FromResult(new Blob { Body = ByteString.CopyFromUtf8(text) });
    }

    private sealed class Stamp : Interceptor
    {
        public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            context.UserState["stamp"] = "before";
            TResponse response = await continuation(request, context);
            context.ResponseTrailers.Add("x-stamp", "after");
            return response;
        }
    }

    private sealed class NameBinder : ServiceBinderBase
    {
        public List<string> Names { get; } = [];

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => Names.Add(method.Name);

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) => Names.Add(method.Name);

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) => Names.Add(method.Name);

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => Names.Add(method.Name);
    }
}
