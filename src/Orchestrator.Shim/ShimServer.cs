using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Stages;

namespace Orchestrator.Shim;

/// <summary>What an operator decides about a shim.</summary>
internal sealed record ShimOptions
{
    /// <summary>Folder of its state: layer images, and the simulated processor unless <see cref="Psp"/> says otherwise.</summary>
    public required string State { get; init; }

    /// <summary>Folder of the simulated processor; null: within the state.</summary>
    public string? Psp { get; init; }

    /// <summary>What groups are run from.</summary>
    public GuestSource Guests { get; init; } = new();

    /// <summary>Address and port to serve on; port 0 takes any that is free.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>Group files that it can start.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>A file to write the address into once it serves; none if absent.</summary>
    public string? ReadyFile { get; init; }
}

/// <summary>A running shim: gRPC without TLS (everything secret in it is sealed), groups in sandboxes or virtual machines. Disposing of it ends them.</summary>
internal sealed class ShimServer : IAsyncDisposable
{
    // A manifest, with what stands around it.
    private const int MaximumMessageBytes = 8 << 20;

    private readonly WebApplication _application;
    private readonly SimulatedPsp _psp;

    private ShimServer(WebApplication application, SimulatedPsp psp, GroupLibrary library, Uri address)
    {
        _application = application;
        _psp = psp;
        Address = address;
        Groups = [.. library.Names.Select(group => $"{group.Name} {group.Shape.ToString().ToLowerInvariant()} {group.Policy}")];
    }

    /// <summary>Where it serves.</summary>
    public Uri Address { get; }

    /// <summary>The simulated processor's root, for parties to trust by name.</summary>
    public string RootFile => Path.Combine(_psp.Folder, SimulatedPsp.RootFile);

    /// <summary>Name, shape and policy digest of each group.</summary>
    public IReadOnlyList<string> Groups { get; }

    /// <summary>Reads the groups, opens the processor, and serves.</summary>
    /// <exception cref="OrchestratorException">A group cannot be read, or a code of <see cref="ShimErrors"/>, <see cref="PspErrors"/> or <see cref="StorageErrors"/>.</exception>
    public static async Task<ShimServer> StartAsync(ShimOptions options, Action<ILoggingBuilder>? logging, CancellationToken cancel)
    {
        GroupLibrary library = GroupLibrary.Read(options.Groups, Path.Combine(options.State, "layers"));
        SimulatedPsp psp = SimulatedPsp.Open(options.Psp ?? Path.Combine(options.State, "psp"), TimeProvider.System);
        WebApplication application = Build(options, library, GuestBackEnds.Open(psp, options.Guests, TimeProvider.System), logging);
        try
        {
            await application.StartAsync(cancel).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new OrchestratorException(ShimErrors.ListenFailed, $"The shim cannot serve at {options.Listen}: {e.Message}", inner: e);
        }

        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        if (options.ReadyFile is not null)
        {
            AtomicFile.WriteAllBytes(options.ReadyFile, Encoding.ASCII.GetBytes(address));
        }

        return new ShimServer(application, psp, library, new Uri(address));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        _psp.Dispose();
    }

    private static WebApplication Build(ShimOptions options, GroupLibrary library, IBackEnd backEnd, Action<ILoggingBuilder>? logging)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        logging?.Invoke(builder.Logging);
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaximumMessageBytes;
            grpc.Interceptors.Add<RpcServerErrors>();
        });
        builder.Services.AddSingleton(backEnd).AddSingleton(library).AddSingleton<RunningStages>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(options.Listen, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        WebApplication application = builder.Build();
        application.MapGrpcService<StageService>();
        return application;
    }
}
