using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>One job that ran to its end, and what each party fetched of it.</summary>
public sealed class FinishedJob : Deployment
{
    internal Digest Job { get; private set; }

    internal Manifest Manifest { get; private set; } = null!;

    internal IReadOnlyList<JobEvent> Events { get; private set; } = [];

    internal Dictionary<Participant, JobResult> Results { get; } = [];

    internal DeliveredOutput Model => Results[Parties.Lab].Outputs.Single(output => output.Kind == OutputKind.Model);

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        (Job, _, Events) = await RunAsync(NewJob());
        Manifest = await Parties.Lab.Host.ManifestAsync(Job);
        foreach (Participant party in Parties.All)
        {
            Results[party] = await party.Host.ResultAsync(Job, Folder[$"{party.Name}-result"], party.Policy);
        }
    }

    internal TrainingMetrics MetricsOf(Participant party) =>
        TrainingMetrics.Read(Results[party].Outputs.Single(output => output.Kind == OutputKind.Metrics).Path);

    /// <summary>The tests that look at it.</summary>
    [CollectionDefinition]
    public sealed class Collection : ICollectionFixture<FinishedJob>;
}
