using Orchestrator.Sdk;

namespace Orchestrator.Bench;

/// <summary>A party in this process: connected to a host, its agent waiting for quotes.</summary>
internal sealed class AttendingParty : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _end = new();
    private readonly Party _party;
    private readonly Task _agent;

    private AttendingParty(Party party, HostConnection host, PartyPolicy policy, IProgress<ReleaseEvent> events)
    {
        _party = party;
        Host = host;
        _agent = new ReleaseAgent(party, policy, events).RunAsync(host, _end.Token);
    }

    public PartyIdentity Identity => _party.Identity;

    public HostConnection Host { get; }

    /// <summary>Connects a party, which this owns from then on, and waits until its agent attends.</summary>
    public static async Task<AttendingParty> StartAsync(Party party, LocalCluster cluster)
    {
        HostConnection host = await party.ConnectAsync(cluster.HostAddress);
        var attending = new AttendingSignal();
        var started = new AttendingParty(party, host, PolicyFor(party.Name, cluster), attending);
        await attending.Task.WaitAsync(s_patience);
        return started;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _agent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Host.DisposeAsync();
        _party.Dispose();
        _end.Dispose();
    }

    private static PartyPolicy PolicyFor(string party, LocalCluster cluster) => PartyPolicy.Parse(
        $"""
        format: orchestrator/release-policy/v1
        roots: ["{cluster.VendorRoot}"]
        collateral: "{cluster.Collateral}"
        allow: [simulated_devices]
        """,
        party);

    private sealed class AttendingSignal : IProgress<ReleaseEvent>
    {
        private readonly TaskCompletionSource _attending = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _attending.Task;

        public void Report(ReleaseEvent value)
        {
            if (value.Kind == ReleaseEventKind.Attending)
            {
                _attending.TrySetResult();
            }
        }
    }
}
