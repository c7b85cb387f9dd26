using Orchestrator.Attack;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>A deployment whose host is hostile: what it and its devices say to each other passes through an attacker's hands.</summary>
public sealed class HostileDeployment : Deployment
{
    private HostileRelay? _relay;

    /// <summary>Runs a job under attack.</summary>
    /// <param name="attack">What the host does; <see langword="null"/> is nothing.</param>
    /// <param name="device">The device that it rents out; <see langword="null"/> is the genuine one.</param>
    internal async Task<(Digest Job, Job Outcome)> RunUnderAsync(Attack.Attack? attack, Uri? device = null)
    {
        _relay!.Mount(attack, device ?? Device.Address);
        (Digest job, _, _) = await RunAsync(NewJob());
        return (job, await Parties.Lab.Host.JobAsync(job));
    }

    /// <summary>Asserts that a job failed for a reason, and that nothing of it can be had.</summary>
    internal async Task AssertStoppedAsync(string code, Digest job, Job outcome)
    {
        Assert.Equal(JobState.Failed, outcome.State);
        Assert.True(CodesOf(outcome.Failure).Contains(code), $"{outcome.Failure}");
        Assert.Empty(outcome.Outputs);
        Assert.True(outcome.Receipt.IsEmpty);

        string folder = Folder[$"result-{job}"];
        OrchestratorException nothing = await Assert.ThrowsAsync<OrchestratorException>(
            () => Parties.Lab.Host.ResultAsync(job, folder, Parties.Lab.Policy));
        Assert.Same(JobErrors.EndedWithoutResult, nothing.Code);
        Assert.False(Directory.Exists(folder));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await (_relay?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    protected override async Task<Uri> DeviceAddressAsync()
    {
        _relay ??= await HostileRelay.StartAsync(Device.Address);
        return _relay.Address;
    }

    private static IEnumerable<string> CodesOf(ErrorDetail failure) => failure.Denials.Select(denial => denial.Code).Prepend(failure.Code);
}
