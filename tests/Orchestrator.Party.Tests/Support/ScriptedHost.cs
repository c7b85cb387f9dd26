using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Sdk.Tests;

/// <summary>A host that says to an agent what the test tells it to say: a real one would never send what some tests need.</summary>
internal sealed class ScriptedHost : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _application;
    private readonly Script _script;
    private readonly X509Certificate2 _certificate;

    private ScriptedHost(WebApplication application, Script script, X509Certificate2 certificate)
    {
        _application = application;
        _script = script;
        _certificate = certificate;
    }

    public string Address => _application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();

    /// <summary>How often an agent has begun to attend.</summary>
    public int Attendances => _script.Attendances;

    public static async Task<ScriptedHost> StartAsync()
    {
        var script = new Script();
        X509Certificate2 certificate = SelfSigned();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(script);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(certificate);
        }));
        WebApplication application = builder.Build();
        application.MapGrpcService<PartiesScript>();
        application.MapGrpcService<ReleasesScript>();
        await application.StartAsync();
        return new ScriptedHost(application, script, certificate);
    }

    /// <summary>Says something, and gives the agent's answer.</summary>
    public async Task<AgentMessage> AskAsync(HostMessage message)
    {
        using var patience = new CancellationTokenSource(s_patience);
        await _script.ToAgent.Writer.WriteAsync((message, true), patience.Token);
        return await _script.FromAgent.Reader.ReadAsync(patience.Token);
    }

    /// <summary>Says something that gets no answer.</summary>
    public async Task TellAsync(HostMessage message)
    {
        using var patience = new CancellationTokenSource(s_patience);
        await _script.ToAgent.Writer.WriteAsync((message, false), patience.Token);
    }

    /// <summary>Breaks the agent's call off, and waits until it is back.</summary>
    public async Task HangUpAsync(StatusCode status = StatusCode.Unavailable)
    {
        _script.Ending = status;
        using var patience = new CancellationTokenSource(s_patience);
        await _script.ToAgent.Writer.WriteAsync((new HostMessage(), true), patience.Token);
        await _script.Arrivals.Reader.ReadAsync(patience.Token);
    }

    /// <summary>Waits until an agent attends.</summary>
    public async Task WaitForAgentAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        await _script.Arrivals.Reader.ReadAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _certificate.Dispose();
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=scripted host", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private sealed class Script
    {
        public Channel<(HostMessage Message, bool Asks)> ToAgent { get; } = Channel.CreateUnbounded<(HostMessage, bool)>();

        public Channel<AgentMessage> FromAgent { get; } = Channel.CreateUnbounded<AgentMessage>();

        public Channel<bool> Arrivals { get; } = Channel.CreateUnbounded<bool>();

        public int Attendances { get; set; }

        public StatusCode Ending { get; set; }
    }

    private sealed class PartiesScript : Parties.PartiesBase
    {
        public override Task<DescribeReply> Describe(DescribeRequest request, ServerCallContext context) => Task.FromResult(new DescribeReply());

        public override Task<RegisterReply> Register(RegisterRequest request, ServerCallContext context) => Task.FromResult(new RegisterReply());

        public override Task<ChallengeReply> Challenge(ChallengeRequest request, ServerCallContext context) =>
            Task.FromResult(new ChallengeReply { Challenge = ByteString.CopyFrom(new byte[32]) });

        public override Task<LoginReply> Login(LoginRequest request, ServerCallContext context) =>
            Task.FromResult(new LoginReply { Token = "token", ExpiresUnixSeconds = DateTimeOffset.MaxValue.ToUnixTimeSeconds() });
    }

    private sealed class ReleasesScript(Script script) : Releases.ReleasesBase
    {
        public override async Task Attend(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<HostMessage> responseStream, ServerCallContext context)
        {
            await requestStream.MoveNext(context.CancellationToken);
            script.Attendances++;
            await context.WriteResponseHeadersAsync([]);
            await script.Arrivals.Writer.WriteAsync(true);
            await foreach ((HostMessage message, bool asks) in script.ToAgent.Reader.ReadAllAsync(context.CancellationToken))
            {
                if (message.MessageCase == HostMessage.MessageOneofCase.None)
                {
                    throw new RpcException(new Status(script.Ending, "gone"));
                }

                await responseStream.WriteAsync(message);
                if (!asks)
                {
                    continue;
                }

                await requestStream.MoveNext(context.CancellationToken);
                await script.FromAgent.Writer.WriteAsync(requestStream.Current);
            }
        }
    }
}
