using Orchestrator.Attack.Attacks;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>A hostile host, once for every attack there is: the job fails for the right reason, and nothing is delivered.</summary>
public sealed class AttackTests(HostileDeployment deployment) : IClassFixture<HostileDeployment>
{
    /// <summary>Every attack on messages, those of the demonstration and others, by its class.</summary>
    public static TheoryData<string> Attacks { get; } =
    [
        .. new[] { typeof(Attack.Attack), typeof(AttackTests) }.SelectMany(type => type.Assembly.GetTypes())
            .Where(type => type.IsAssignableTo(typeof(Attack.Attack)) && type.IsPublic && !type.IsAbstract && type.GetConstructor([]) is not null)
            .Where(type => type != typeof(RecordQuote))
            .Select(type => type.AssemblyQualifiedName!),
    ];

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Attack_OnMessages_IsStopped(string attack)
    {
        var mounted = (Attack.Attack)Activator.CreateInstance(Type.GetType(attack)!)!;
        (Digest job, Job outcome) = await deployment.RunUnderAsync(mounted);

        await deployment.AssertStoppedAsync(mounted.StoppedBy, job, outcome);
    }

    [Fact]
    public async Task Attack_WithAQuoteOfAnEarlierSession_IsStopped()
    {
        var recorder = new RecordQuote();
        (_, Job honest) = await deployment.RunUnderAsync(recorder);
        Assert.Equal(JobState.Completed, honest.State);

        var replay = new ReplayQuote(recorder.Recorded!);
        (Digest job, Job outcome) = await deployment.RunUnderAsync(replay);

        await deployment.AssertStoppedAsync(replay.StoppedBy, job, outcome);
        Assert.Equal(["clinic-a", "clinic-b", "lab"], outcome.Failure.Denials.Where(denial => denial.Code == replay.StoppedBy).Select(denial => denial.PolicyOf).Order());
    }

    [Fact]
    public async Task Attack_WithKeyPackagesOfAnEarlierSession_IsStopped()
    {
        var recorder = new RecordKeyPackages();
        (_, Job honest) = await deployment.RunUnderAsync(recorder);
        Assert.Equal(JobState.Completed, honest.State);

        var replay = new ReplayKeyPackages(recorder);
        (Digest job, Job outcome) = await deployment.RunUnderAsync(replay);

        await deployment.AssertStoppedAsync(replay.StoppedBy, job, outcome);
    }

    [Fact]
    public Task Attack_OnTheSealedModel_IsSeenByItsReceiver() => AssertResultRefusedAsync(new AlterOutput());

    [Fact]
    public Task Attack_OnTheReceipt_IsSeenByItsReceiver() => AssertResultRefusedAsync(new AlterReceipt());

    [Theory]
    [InlineData("debug", "release-device-debug")]
    [InlineData("stale-firmware", "release-security-version-low")]
    [InlineData("wrong-firmware", "release-firmware-unknown")]
    [InlineData("replayed-nonce", "release-nonce-mismatch")]
    [InlineData("foreign-root", "attestation-root-unknown")]
    [InlineData("revoked", "attestation-revoked")]
    [InlineData("expired-chain", "attestation-certificate-expired")]
    public async Task Device_ThatIsNotWhatItShouldBe_GetsNoKeys(string fault, string code)
    {
        await using Service faulty = await deployment.StartDeviceAsync($"device-{fault}", "--fault", fault);
        (Digest job, Job outcome) = await deployment.RunUnderAsync(null, faulty.Address);

        await deployment.AssertStoppedAsync(code, job, outcome);
        Assert.Equal("release-refused", outcome.Failure.Code);
        Assert.All(outcome.Failure.Denials, denial => Assert.NotEmpty(denial.Remedy));
    }

    // What the host does after the device is done only the receiver can see.
    private async Task AssertResultRefusedAsync(Attack.Attack attack)
    {
        (Digest job, Job outcome) = await deployment.RunUnderAsync(attack);
        Assert.Equal(JobState.Completed, outcome.State);
        Participant lab = deployment.Parties.Lab;
        string folder = deployment.Folder[$"result-{job}"];

        OrchestratorException refusal = await Assert.ThrowsAsync<OrchestratorException>(() => lab.Host.ResultAsync(job, folder, lab.Policy));

        Assert.Equal(attack.StoppedBy, refusal.Code.Id);
        Assert.False(Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any());
    }
}
