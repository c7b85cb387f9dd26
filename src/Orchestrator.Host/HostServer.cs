using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Orchestrator.Contracts;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Devices;
using Orchestrator.Host.Identity;
using Orchestrator.Host.Jobs;
using Orchestrator.Host.Objects;
using Orchestrator.Host.Releases;
using Orchestrator.Host.Services;
using Orchestrator.Host.Sessions;
using Orchestrator.Host.Stages;
using Orchestrator.Host.Storage;

namespace Orchestrator.Host;

/// <summary>A running host: gRPC over TLS (docs/spec/host-api.md), on a state folder that it has to itself until it is disposed.</summary>
public sealed class HostServer : IAsyncDisposable
{
    /// <summary>A manifest and an approval fit into the largest message.</summary>
    private const int MaximumMessageBytes = 6 << 20;

    private readonly WebApplication _application;

    private HostServer(WebApplication application, Uri address, Digest fingerprint)
    {
        _application = application;
        Address = address;
        Fingerprint = fingerprint;
    }

    /// <summary>Where it serves.</summary>
    public Uri Address { get; }

    /// <summary>SHA-256 of its certificate's DER encoding, which parties pin.</summary>
    public Digest Fingerprint { get; }

    /// <summary>Starts a host. When this returns it serves, in the state that it had when it was last stopped.</summary>
    /// <param name="options">What the operator decided.</param>
    /// <param name="time">The clock; <see langword="null"/> takes the system's.</param>
    /// <param name="logging">Where the log goes; <see langword="null"/> drops it.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="OrchestratorException">A code of area <c>host</c> in <see cref="HostErrors"/>, or of <see cref="StorageErrors"/>.</exception>
    public static async Task<HostServer> StartAsync(HostOptions options, TimeProvider? time = null, Action<ILoggingBuilder>? logging = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        logging?.Invoke(builder.Logging);
        AddServices(builder.Services, options, time ?? TimeProvider.System);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel((_, kestrel) => Configure(kestrel, options.Listen));
        WebApplication application = builder.Build();
        try
        {
            Open(application.Services);
            Map(application);
            await StartAsync(application, options.Listen, cancellationToken);
            return Announce(application, options);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    /// <summary>Serves until <paramref name="ending"/> is cancelled, or until the host fails, which its log explains.</summary>
    public Task WaitForShutdownAsync(CancellationToken ending) => _application.WaitForShutdownAsync(ending);

    /// <summary>Ends calls and sessions, stops serving, and gives the state folder free. What was in work is taken up at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private static void AddServices(IServiceCollection services, HostOptions options, TimeProvider time)
    {
        services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        services.AddRouting();
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaximumMessageBytes;
            grpc.Interceptors.Add<RpcServerErrors>();
            grpc.Interceptors.Add<Authentication>();
        });
        services
            .AddSingleton<IHostLifetime, EmbeddedLifetime>()
            .AddSingleton(options)
            .AddSingleton(time)
            .AddSingleton(_ => StateDirectory.Open(options.State))
            .AddSingleton(provider => HostDatabase.Open(provider.GetRequiredService<StateDirectory>().Database))
            .AddSingleton(provider => HostCertificate.LoadOrCreate(provider.GetRequiredService<StateDirectory>().Tls, time))
            .AddSingleton<ChangeSignal>()
            .AddSingleton<Challenges>()
            .AddSingleton<Tokens>()
            .AddSingleton<AuditLog>()
            .AddSingleton<PartyDirectory>()
            .AddSingleton<ObjectStore>()
            .AddSingleton<JobJournal>()
            .AddSingleton<JobBook>()
            .AddSingleton<SessionLedger>()
            .AddSingleton<CheckpointLedger>()
            .AddSingleton<DevicePool>()
            .AddSingleton<AgentRegistry>()
            .AddSingleton<GroupLink>()
            .AddSingleton<PreparedStages>()
            .AddHostedService<Scheduler>();
    }

    private static void Configure(KestrelServerOptions kestrel, IPEndPoint listen)
    {
        const int StreamWindowBytes = 4 << 20;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 2 * StreamWindowBytes;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(20);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        kestrel.Listen(listen, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            endpoint.UseHttps(kestrel.ApplicationServices.GetRequiredService<HostCertificate>().Certificate);
        });
    }

    private static void Open(IServiceProvider services)
    {
        HostDatabase database = services.GetRequiredService<HostDatabase>();
        (long entries, Digest head) = database.Read(AuditLog.Verify);
        Log.AuditIntact(services.GetRequiredService<ILogger<HostServer>>(), entries, head);
        services.GetRequiredService<ObjectStore>().Sweep();
        services.GetRequiredService<SessionLedger>().Recover();
        database.Write(connection =>
        {
            services.GetRequiredService<AuditLog>().Append(connection, new AuditEvent(EventKinds.HostStarted) { Text = $"Version {PartiesService.Version}." });
        });
    }

    private static void Map(WebApplication application)
    {
        application.MapGrpcService<PartiesService>();
        application.MapGrpcService<ObjectsService>();
        application.MapGrpcService<JobsService>();
        application.MapGrpcService<ReleasesService>();
    }

    private static async Task StartAsync(WebApplication application, IPEndPoint listen, CancellationToken cancellationToken)
    {
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or System.Net.Sockets.SocketException)
        {
            throw new OrchestratorException(HostErrors.ListenFailed, $"The host cannot listen on {listen}.", inner: failure);
        }
    }

    private static HostServer Announce(WebApplication application, HostOptions options)
    {
        IServerAddressesFeature addresses = application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>();
        var server = new HostServer(application, new Uri(addresses.Addresses.Single()), application.Services.GetRequiredService<HostCertificate>().Fingerprint);
        Log.Serving(application.Services.GetRequiredService<ILogger<HostServer>>(), server.Address, server.Fingerprint);
        if (options.ReadyFile is { } path)
        {
            AtomicFile.WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes($"{server.Address.GetLeftPart(UriPartial.Authority)}\n"));
        }

        return server;
    }
}
