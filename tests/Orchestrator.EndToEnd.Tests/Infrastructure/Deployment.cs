using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>Host, device and three parties, with fresh state in one folder.</summary>
public class Deployment : IAsyncLifetime
{
    private const string AnyPort = "127.0.0.1:0";

    private long _serial;

    internal TemporaryFolder Folder { get; } = new();

    internal Service Device { get; private set; } = null!;

    internal Service Host { get; private set; } = null!;

    internal Consortium Parties { get; private set; } = null!;

    internal string HostState => Folder["host"];

    internal string Vendor => Folder["vendor"];

    /// <summary>Options of the host besides those that every host has.</summary>
    internal virtual IEnumerable<string> HostOptions => [];

    /// <summary>How long tests wait for a job's end.</summary>
    internal virtual TimeSpan JobPatience => Patience.Limit;

    public virtual async ValueTask InitializeAsync()
    {
        Device = await StartDeviceAsync("device");
        Host = await StartHostAsync("host");
        Parties = await Consortium.CreateAsync(Folder, Vendor);
        await Parties.JoinAsync(Host.Address);
        await Parties.StartAgentsAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        // After a start that failed, some are not there.
        foreach (IAsyncDisposable? part in (IAsyncDisposable?[])[Parties, Host, Device])
        {
            await (part?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts another device, of the vendor that the parties trust.</summary>
    internal Task<Service> StartDeviceAsync(string name, params IEnumerable<string> options) => Service.StartAsync(
        "device", ["--state", Folder[name], "--vendor", Vendor, "--allow-unconfined-tiles", .. options]);

    /// <summary>Starts the device that was killed again, where the host looks for it.</summary>
    internal async Task RestartDeviceAsync()
    {
        Service killed = Device;
        Device = await StartDeviceAsync("device", "--listen", killed.Address.Authority);
        await killed.DisposeAsync();
    }

    /// <summary>Starts another host, for the same device.</summary>
    /// <param name="name">Of its state folder.</param>
    internal Task<Service> StartHostAsync(string name, string listen = AnyPort) => Service.StartAsync(
        "host", ["--state", Folder[name], "--listen", listen, "--device", Device.Address.ToString(), .. HostOptions]);

    /// <summary>Starts the host that was killed again, on its state and at its address.</summary>
    internal async Task RestartHostAsync()
    {
        Service killed = Host;
        Host = await StartHostAsync("host", killed.Address.Authority);
        await killed.DisposeAsync();
    }

    /// <summary>A party that no job names, connected to the host.</summary>
    internal async Task<Participant> InviteAsync(string name)
    {
        Participant stranger = await Participant.CreateAsync(Folder, name, Vendor);
        await stranger.ConnectAsync(Host.Address);
        return stranger;
    }

    /// <summary>A job that was not proposed before.</summary>
    internal JobFile NewJob() => Parties.Job(Interlocked.Increment(ref _serial));

    /// <summary>Follows a job with the launcher's eyes.</summary>
    internal JobFollower Follow(Digest job) => new(Parties.Lab.Host, job, JobPatience);

    /// <summary>Agrees on a job, and waits until it has ended.</summary>
    internal async Task<(Digest Job, JobEvent Last, IReadOnlyList<JobEvent> Events)> RunAsync(JobFile job)
    {
        Digest name = await Parties.AgreeOnAsync(job);
        await using JobFollower follower = Follow(name);
        JobEvent last = await follower.ToEndAsync();
        return (name, last, follower.Events);
    }
}
