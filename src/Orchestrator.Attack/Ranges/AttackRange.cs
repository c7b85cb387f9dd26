using Grpc.Net.Client;
using Orchestrator.Attack.Attacks;
using Orchestrator.Attack.Groups;
using Orchestrator.Attack.Relay;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Ranges;

/// <summary>
/// A throw-away host, a device and three parties on this machine, each the real program or library with a folder of its own, and
/// a hostile relay between host and device, to mount attacks on and see how they end.
/// </summary>
public sealed class AttackRange : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _running = new();
    private readonly string _folder;
    private readonly string _programs;
    private AttackRounds _rounds = null!;
    private int _devices;

    private AttackRange(string folder, string programs)
    {
        _folder = folder;
        _programs = programs;
    }

    /// <summary>What attacks here are made of.</summary>
    public AttackMaterial Material { get; private set; } = null!;

    private string Vendor => Path.Combine(_folder, "vendor");

    /// <summary>Starts everything, and runs one honest job for attacks to remember.</summary>
    /// <param name="folder">Where state and logs go.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException">Something does not start, or the honest job fails.</exception>
    public static async Task<AttackRange> StartAsync(string folder, CancellationToken cancel = default)
    {
        var range = new AttackRange(Directory.CreateDirectory(folder).FullName, Path.GetDirectoryName(typeof(LocalService).Assembly.Location)!);
        try
        {
            await range.SetUpAsync(cancel);
            return range;
        }
        catch
        {
            await range.DisposeAsync();
            throw;
        }
    }

    /// <summary>Mounts one attack against a fresh job.</summary>
    public async Task<AttackOutcome> RunAsync(Attack attack, CancellationToken cancel = default)
    {
        int running = _running.Count;
        AttackOutcome outcome = await _rounds.RunAsync(attack, cancel);
        await Material.Device.MendAsync();
        await StopDownToAsync(running);
        return outcome;
    }

    /// <summary>Runs an honest job on the device that the attacks were mounted on.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttackErrors.ControlFailed"/>.</exception>
    public Task ControlAsync(CancellationToken cancel = default) => _rounds.ControlAsync(new Honesty(), cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => StopDownToAsync(0);

    private async Task SetUpAsync(CancellationToken cancel)
    {
        HostileDevice device = Keep(new HostileDevice(Path.Combine(_programs, "Orchestrator.Device"), _folder, Vendor));
        await device.StartAsync(cancel);
        HostileRelay relay = Keep(await HostileRelay.StartAsync(device.Address, cancel));
        StandInShim shim = Keep(await StandInShim.StartAsync(Path.Combine(_folder, "shim"), RangeParties.Prepare));
        HostileHost host = Keep(new HostileHost(Path.Combine(_programs, "Orchestrator.Host"), _folder, relay.Address, shim.Address));
        await host.StartAsync(cancel);
        RangeParties parties = Keep(await RangeParties.CreateAsync(_folder, Path.Combine(_programs, "orchestrator"), Vendor, shim, cancel));
        await parties.JoinAsync(host.Address, cancel);
        await host.TakeSnapshotAsync();

        var secrets = new Secrets(host.State, host.Logs);
        parties.AddSecretsTo(secrets);
        _rounds = new AttackRounds(new AttackSite
        {
            Relay = relay,
            Device = device.Address,
            StartDevice = StartDeviceAsync,
            Job = parties.Job,
            StagedJob = parties.StagedJob,
            Shim = shim,
            Parties = parties.Connections,
            Policy = parties.Policy,
            Results = Path.Combine(_folder, "results"),
            Host = host,
            Agents = parties.Log,
            Secrets = secrets,
        });
        Material = new AttackMaterial
        {
            Accomplice = parties.Accomplice,
            StreamOfAccomplice = parties.StreamOfAccomplice,
            OlderVersion = parties.OlderVersion,
            Others = [.. parties.Connections.Skip(1)],
            FetchAsync = (party, job) => party.ResultAsync(job, Path.Combine(_folder, "others-results", job.ToString()), parties.Policy),
            SecondDevice = StartSecondDeviceAsync,
            Agents = parties.Log,
            Device = device,
        };
        await _rounds.ControlAsync(new Recorder(Material.Earlier, checkpointEveryEpochs: 1), cancel);
        await _rounds.ControlAsync(new StageRecorder(Material.EarlierStage), cancel);
    }

    // Of the vendor that the parties trust; a foreign root is a matter of options.
    private async Task<Uri> StartDeviceAsync(IReadOnlyList<string> options, CancellationToken cancel)
    {
        string name = $"other-device-{++_devices}";
        LocalService device = Keep(await LocalService.StartAsync(
            Path.Combine(_programs, "Orchestrator.Device"),
            ["--state", Path.Combine(_folder, name), "--vendor", Vendor, "--listen", "127.0.0.1:0", .. options],
            Path.Combine(_folder, $"{name}.log"),
            cancel));
        return new Uri(device.Address);
    }

    private async Task<DeviceLine> StartSecondDeviceAsync()
    {
        var channel = GrpcChannel.ForAddress(await StartDeviceAsync([], CancellationToken.None));
        return new DeviceLine(channel.CreateCallInvoker());
    }

    private T Keep<T>(T running)
        where T : IAsyncDisposable
    {
        _running.Push(running);
        return running;
    }

    private async ValueTask StopDownToAsync(int count)
    {
        while (_running.Count > count)
        {
            await _running.Pop().DisposeAsync();
        }
    }
}
