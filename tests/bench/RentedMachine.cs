using Orchestrator.Sdk;

namespace Orchestrator.Bench;

/// <summary>Host and device as processes of their own, and a tenant's agent in this one.</summary>
internal sealed class RentedMachine : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _end = new();
    private readonly LocalCluster _cluster;
    private readonly Party _party;
    private readonly HostConnection _host;
    private readonly Task _agent;

    /// <summary>Starts everything, and waits until a job can run.</summary>
    /// <param name="tenant">Who rents it.</param>
    /// <param name="folder">Where state and logs go.</param>
    public RentedMachine(Tenant tenant, string folder)
    {
        _cluster = LocalCluster.StartAsync(folder, Built.Folder).GetAwaiter().GetResult();
        _party = tenant.OpenAsync().GetAwaiter().GetResult();
        _host = _party.ConnectAsync(_cluster.HostAddress).GetAwaiter().GetResult();
        var attending = new AttendingSignal();
        _agent = new ReleaseAgent(_party, Policy(), attending).RunAsync(_host, _end.Token);
        attending.Task.WaitAsync(s_patience).GetAwaiter().GetResult();
    }

    public void Push(SealedJob job) => job.PushAsync(_host).GetAwaiter().GetResult();

    /// <inheritdoc cref="SealedJob.RunAsync"/>
    public double Run(SealedJob job) => job.RunAsync(_host, _party.Identity, _cluster.Firmware).GetAwaiter().GetResult();

    public void Dispose() => DisposeAsync().GetAwaiter().GetResult();

    private async Task DisposeAsync()
    {
        await _end.CancelAsync();
        await _agent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _host.DisposeAsync();
        _party.Dispose();
        await _cluster.DisposeAsync();
        _end.Dispose();
    }

    private PartyPolicy Policy() => PartyPolicy.Parse(
        $"""
        format: orchestrator/release-policy/v1
        roots: ["{_cluster.VendorRoot}"]
        collateral: "{_cluster.Collateral}"
        allow: [simulated_devices]
        """,
        Tenant.Name);

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
