namespace Orchestrator.Demo;

/// <summary>Folders, the rented machine (host, relay, device) and everything else that must end when the demonstration does.</summary>
internal sealed class Scene(string folder, Command command, Story story) : IAsyncDisposable
{
    private readonly Stack<object> _running = new();
    private int _otherDevices;

    public string Folder => folder;

    public string VendorFolder => Path.Combine(folder, "vendor");

    /// <summary>The vendor's root, as a party would have it from the vendor.</summary>
    public string VendorRoot => Path.Combine(VendorFolder, "root.pem");

    public Actor Party(string name) => new(name, Path.Combine(folder, name), command, story);

    /// <summary>Disposes of it at the end, the last first.</summary>
    public T Keep<T>(T running)
        where T : notnull
    {
        _running.Push(running);
        return running;
    }

    public async Task<Uri> StartDeviceAsync(string name, CancellationToken cancel, params IReadOnlyList<string> options)
    {
        string state = Path.Combine(folder, name);
        string ready = Path.Combine(folder, $"{name}.url");
        Service device = Keep(command.Start(
            Path.Combine(folder, $"{name}.log"),
            ["device", "run", "--state", state, "--listen", "127.0.0.1:0", "--ready-file", ready, .. options]));
        return await device.ReadyAsync(ready, cancel);
    }

    /// <summary>Another device: of the same vendor, unless a foreign root is what is wrong with it.</summary>
    public Task<Uri> StartOtherDeviceAsync(IReadOnlyList<string> options, CancellationToken cancel) =>
        StartDeviceAsync($"device-{++_otherDevices}", cancel, ["--vendor", VendorFolder, .. options]);

    /// <summary>The simulated processor's root, as a party would have it from the vendor.</summary>
    public string ProcessorRoot => Path.Combine(Processor, "ark.pem");

    /// <summary>The root's list of revoked certificates.</summary>
    public string ProcessorRevocations => Path.Combine(Processor, "crl.der");

    private string Processor => Path.Combine(folder, "processor");

    /// <summary>A shim that knows one group.</summary>
    public async Task<Uri> StartShimAsync(string group, IEnumerable<string> options, CancellationToken cancel)
    {
        string ready = Path.Combine(folder, "shim.url");
        Service shim = Keep(command.Start(
            Path.Combine(folder, "shim.log"),
            ["shim", "run", "--state", Path.Combine(folder, "shim"), "--psp", Processor, "--group", group, "--listen", "127.0.0.1:0", "--ready-file", ready, .. options]));
        return await shim.ReadyAsync(ready, cancel);
    }

    public async Task<Uri> StartHostAsync(Uri device, CancellationToken cancel, params IReadOnlyList<string> options)
    {
        string ready = Path.Combine(folder, "host.url");
        Service host = Keep(command.Start(
            Path.Combine(folder, "host.log"),
            ["host", "run", "--state", Path.Combine(folder, "host"), "--listen", "127.0.0.1:0", "--device", device.ToString(), "--ready-file", ready, .. options]));
        return await host.ReadyAsync(ready, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        while (_running.TryPop(out object? running))
        {
            if (running is IAsyncDisposable service)
            {
                await service.DisposeAsync();
            }
            else
            {
                ((IDisposable)running).Dispose();
            }
        }
    }
}
