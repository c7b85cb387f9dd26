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
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Control;
using Orchestrator.Device.Dma;
using Orchestrator.Device.Firmware;
using Orchestrator.Device.Identity;
using Orchestrator.Device.Sessions;
using Orchestrator.Device.Storage;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

namespace Orchestrator.Device;

/// <summary>
/// A running device: mailbox and DMA over gRPC. The connection needs no secrecy of its own, as everything that must not
/// be seen or altered is sealed or signed inside; it is unencrypted HTTP/2 between a host and its device.
/// </summary>
public sealed class DeviceServer : IAsyncDisposable
{
    /// <summary>The largest frame, and what goes around it.</summary>
    private const int MaximumMessageBytes = StreamLimits.MaxFrameSize + (64 << 10);

    private readonly WebApplication _application;
    private readonly IDisposable _stateLock;

    private DeviceServer(WebApplication application, IDisposable stateLock, Uri address, string vendorRoot)
    {
        VendorRoot = vendorRoot;
        _application = application;
        _stateLock = stateLock;
        Address = address;
    }

    /// <summary>Where it serves.</summary>
    public Uri Address { get; }

    /// <summary>The file of the simulated vendor's root certificate, for parties to trust by name.</summary>
    public string VendorRoot { get; }

    /// <summary>The one state machine.</summary>
    public Mailbox Mailbox => _application.Services.GetRequiredService<Mailbox>();

    /// <summary>Boots a device and serves it.</summary>
    /// <param name="options">What the operator decided.</param>
    /// <param name="launcher">Starts the tiles; <see langword="null"/> takes the tile program that is installed next to this one.</param>
    /// <param name="time">The clock; <see langword="null"/> takes the system's.</param>
    /// <param name="logging">Where the log goes; <see langword="null"/> drops it.</param>
    /// <param name="cancellation">Gives the start up.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="DeviceErrors"/> or <see cref="StorageErrors"/>.</exception>
    public static async Task<DeviceServer> StartAsync(
        DeviceOptions options, ITileLauncher? launcher = null, TimeProvider? time = null, Action<ILoggingBuilder>? logging = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var state = new StateFolder(options.State);
        IDisposable stateLock = state.Lock();
        WebApplication? application = null;
        try
        {
            time ??= TimeProvider.System;
            using SimulatedVendor vendor = await SimulatedVendor.OpenAsync(VendorFolder(options), time, cancellation).ConfigureAwait(false);
            var rootOfTrust = RootOfTrust.Open(state, vendor, FirmwareMeter.Installed, time, options.Fault);
            if (options.Fault == Fault.StaleCollateral)
            {
                await vendor.LetCollateralLapseAsync(cancellation).ConfigureAwait(false);
            }

            if (options.Fault == Fault.Revoked)
            {
                await vendor.RevokeAsync(rootOfTrust.DckId, cancellation).ConfigureAwait(false);
            }

            application = Build(options, rootOfTrust, launcher, time, logging);
            Uri address = await ServeAsync(application, options, cancellation).ConfigureAwait(false);
            return new DeviceServer(application, stateLock, address, Path.GetFullPath(VendorFolder(options).PathOf(SimulatedVendor.RootFile)));
        }
        catch
        {
            if (application is not null)
            {
                await application.DisposeAsync().ConfigureAwait(false);
            }

            stateLock.Dispose();
            throw;
        }
    }

    /// <summary>Ends a run, scrubs, and stops serving.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        _stateLock.Dispose();
    }

    private static WebApplication Build(DeviceOptions options, RootOfTrust rootOfTrust, ITileLauncher? launcher, TimeProvider time, Action<ILoggingBuilder>? logging)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        logging?.Invoke(builder.Logging);
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaximumMessageBytes;
            grpc.Interceptors.Add<RpcServerErrors>();
        });
        builder.Services
            .AddSingleton(time)
            .AddSingleton(_ => rootOfTrust)
            .AddSingleton<DmaDoor>()
            .AddSingleton(provider => launcher ?? new Autoloader(AppContext.BaseDirectory, options.Confinement, [options.State, VendorFolder(options).PathOf(SimulatedVendor.RootFile)], provider.GetRequiredService<ILogger<Autoloader>>()))
            .AddSingleton(provider => new Mailbox(
                provider.GetRequiredService<RootOfTrust>(),
                new Quoter(provider.GetRequiredService<ITileLauncher>().Confined, Attestation.Measurement.Of(FirmwareMeter.Installed.ReadIcuImage()), options.Fault),
                options.Fault));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options.Listen));
        return builder.Build();
    }

    private static StateFolder VendorFolder(DeviceOptions options) => new(options.Fault == Fault.ForeignRoot
        ? Path.Combine(options.State, "foreign-vendor")
        : options.Vendor ?? Path.Combine(options.State, "vendor"));

    private static void Configure(KestrelServerOptions kestrel, IPEndPoint listen)
    {
        const int StreamWindowBytes = 8 << 20;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 2 * StreamWindowBytes;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(20);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        kestrel.Listen(listen, endpoint => endpoint.Protocols = HttpProtocols.Http2);
    }

    private static async Task<Uri> ServeAsync(WebApplication application, DeviceOptions options, CancellationToken cancellation)
    {
        // Boots the device: a device that cannot come up does not serve.
        application.Services.GetRequiredService<Mailbox>();
        application.MapGrpcService<MailboxService>();
        application.MapGrpcService<DmaService>();
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new OrchestratorException(DeviceErrors.AddressUnavailable, $"The device cannot serve at {options.Listen}: {e.Message}", inner: e);
        }

        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        if (options.ReadyFile is not null)
        {
            AtomicFile.WriteAllBytes(options.ReadyFile, Encoding.ASCII.GetBytes(address));
        }

        return new Uri(address);
    }
}
