using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>Host, device and three parties, with fresh state in one folder.</summary>
public class Deployment : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _services = [];
    private long _serial;

    internal TemporaryFolder Folder { get; } = new();

    internal Service Device { get; private set; } = null!;

    internal Service Host { get; private set; } = null!;

    internal Consortium Parties { get; private set; } = null!;

    internal string HostState => Folder["host"];

    private string Vendor => Folder["vendor"];

    public virtual async ValueTask InitializeAsync()
    {
        Device = await StartDeviceAsync();
        Host = await StartHostAsync(await DeviceAddressAsync());
        Parties = await Consortium.CreateAsync(Folder, Vendor);
        await Parties.JoinAsync(Host.Address);
        await Parties.StartAgentsAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Parties.DisposeAsync();
        foreach (IAsyncDisposable service in _services)
        {
            await service.DisposeAsync();
        }

        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts another device, of the vendor that the parties trust.</summary>
    internal Task<Service> StartDeviceAsync(string name = "device", params IEnumerable<string> options) => KeepAsync(Service.StartAsync(
        "device", ["--state", Folder[name], "--vendor", Vendor, "--listen", "127.0.0.1:0", "--allow-unconfined-tiles", .. options]));

    /// <summary>Starts the device again, where the host looks for it.</summary>
    internal async Task RestartDeviceAsync()
    {
        await Device.KillAsync();
        Device = await KeepAsync(Service.StartAsync(
            "device", "--state", Folder["device"], "--vendor", Vendor, "--listen", Device.Address.Authority, "--allow-unconfined-tiles"));
    }

    /// <summary>Starts the host again, on its state and at its address.</summary>
    internal async Task RestartHostAsync()
    {
        await Host.KillAsync();
        Host = await StartHostAsync(await DeviceAddressAsync(), Host.Address.Authority);
    }

    /// <summary>A job that was not proposed before.</summary>
    internal JobFile NewJob() => Parties.Job(Interlocked.Increment(ref _serial));

    /// <summary>Follows a job with the launcher's eyes.</summary>
    internal JobFollower Follow(Digest job) => new(Parties.Lab.Host, job);

    /// <summary>Agrees on a job, and waits until it has ended.</summary>
    internal async Task<(Digest Job, JobEvent Last, IReadOnlyList<JobEvent> Events)> RunAsync(JobFile job)
    {
        Digest name = await Parties.AgreeOnAsync(job);
        await using JobFollower follower = Follow(name);
        JobEvent last = await follower.ToEndAsync();
        return (name, last, follower.Events);
    }

    /// <summary>Where the host finds what it takes for the device.</summary>
    protected virtual Task<Uri> DeviceAddressAsync() => Task.FromResult(Device.Address);

    private Task<Service> StartHostAsync(Uri device, string listen = "127.0.0.1:0") => KeepAsync(Service.StartAsync(
        "host", "--state", HostState, "--listen", listen, "--device", device.ToString()));

    private async Task<Service> KeepAsync(Task<Service> starting)
    {
        Service service = await starting;
        _services.Add(service);
        return service;
    }
}
