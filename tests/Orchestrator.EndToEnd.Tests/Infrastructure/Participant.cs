using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>A party with its home folder, its connection to the host and its agent.</summary>
internal sealed class Participant : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private HostConnection? _host;
    private RunningAgent? _agent;

    private Participant(TemporaryFolder folder, Party party)
    {
        _folder = folder;
        Party = party;
    }

    public Party Party { get; }

    public string Name => Party.Name;

    public HostConnection Host => _host ?? throw new InvalidOperationException($"{Name} is not connected.");

    /// <summary>Trusts the simulated vendor, consults its collateral, and takes simulated devices.</summary>
    public PartyPolicy Policy => PartyPolicy.Read(PolicyFile, Name);

    public string PolicyFile => Path.Combine(Party.Home, "policy.yaml");

    /// <summary>Options by which the command opens this party's home.</summary>
    public string[] Options => ["--home", Party.Home, "--key-file", KeyFileOf(_folder, Name)];

    /// <summary>Makes a party with fresh keys.</summary>
    /// <param name="vendor">The folder of the vendor whose devices it trusts.</param>
    public static async Task<Participant> CreateAsync(TemporaryFolder folder, string name, string vendor)
    {
        string keyFile = KeyFileOf(folder, name);
        StoreSecret.CreateKeyFile(keyFile);
        using StoreSecret secret = StoreSecret.FromKeyFile(keyFile);
        var participant = new Participant(folder, await Party.CreateAsync(folder[name], name, secret));
        await File.WriteAllTextAsync(participant.PolicyFile, $"""
            format: orchestrator/release-policy/v1
            roots: ["{Path.Combine(vendor, "root.pem")}"]
            collateral: "{Path.Combine(vendor, "collateral.cose")}"
            allow: [simulated_devices, unconfined_tiles]
            """);
        return participant;
    }

    public async Task ConnectAsync(Uri host)
    {
        _host = await Party.ConnectAsync(host.ToString());
    }

    /// <summary>Reviews what the host shows, and approves it.</summary>
    public async Task ApproveAsync(Digest job)
    {
        Manifest manifest = await Host.ManifestAsync(job);
        await Host.ApproveAsync(manifest);
    }

    /// <summary>Starts the agent, and waits until it attends.</summary>
    public async Task StartAgentAsync()
    {
        _agent = new RunningAgent(this);
        await _agent.Attending;
    }

    public async Task StopAgentAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
            _agent = null;
        }
    }

    /// <summary>Runs the command <c>orchestrator</c> as this party.</summary>
    public Task<Ending> RunAsync(params IEnumerable<string> arguments) =>
        Executable.RunAsync(Executable.Orchestrator, [.. arguments, .. Options]);

    public async ValueTask DisposeAsync()
    {
        await StopAgentAsync();
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        Party.Dispose();
    }

    private static string KeyFileOf(TemporaryFolder folder, string name) => folder[$"{name}.key"];

    private sealed class RunningAgent : IProgress<ReleaseEvent>, IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TaskCompletionSource _attending = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task _running;

        public RunningAgent(Participant participant) =>
            _running = new ReleaseAgent(participant.Party, participant.Policy, this).RunAsync(participant.Host, _stop.Token);

        public Task Attending => _attending.Task.WaitAsync(Patience.Limit);

        public void Report(ReleaseEvent value)
        {
            if (value.Kind == ReleaseEventKind.Attending)
            {
                _attending.TrySetResult();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }
    }
}
