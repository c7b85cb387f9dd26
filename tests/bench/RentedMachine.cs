using Orchestrator.Sdk;
using JobEvent = Orchestrator.Contracts.Protocol.Host.JobEvent;

namespace Orchestrator.Bench;

/// <summary>Host and device as processes of their own, and the parties' agents in this one.</summary>
internal sealed class RentedMachine : IDisposable
{
    private readonly LocalCluster _cluster;
    private readonly List<AttendingParty> _parties = [];

    /// <summary>Starts everything, and waits until a job can run.</summary>
    /// <param name="tenant">Who rents it.</param>
    /// <param name="folder">Where state and logs go.</param>
    public RentedMachine(Tenant tenant, string folder)
    {
        _cluster = LocalCluster.StartAsync(folder, Built.Folder).GetAwaiter().GetResult();
        Attend(tenant.OpenAsync().GetAwaiter().GetResult());
    }

    /// <summary>Has one more party, which this owns from then on, take part in jobs.</summary>
    public void Attend(Party party) => _parties.Add(AttendingParty.StartAsync(party, _cluster).GetAwaiter().GetResult());

    public void Push(SealedJob job) => job.PushAsync(_parties[0].Host).GetAwaiter().GetResult();

    /// <summary>Runs a job of the first <paramref name="parties"/> who attend; the tenant is the first of all.</summary>
    /// <inheritdoc cref="SealedJob.RunAsync"/>
    public JobEvent Run(SealedJob job, int parties = 1) => job.RunAsync([.. _parties.Take(parties)], _cluster.Firmware).GetAwaiter().GetResult();

    public void Dispose() => DisposeAsync().GetAwaiter().GetResult();

    private async Task DisposeAsync()
    {
        foreach (AttendingParty party in _parties)
        {
            await party.DisposeAsync();
        }

        await _cluster.DisposeAsync();
    }
}
