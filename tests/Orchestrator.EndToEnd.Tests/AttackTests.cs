using Orchestrator.Attack.Attacks;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>A hostile host, once for every attack there is: the job fails for the right reason, and nothing is delivered.</summary>
public sealed class AttackTests(HostileDeployment deployment) : IClassFixture<HostileDeployment>
{
    /// <summary>Every attack on messages that the attacking host knows, by its class.</summary>
    public static TheoryData<string> Attacks { get; } =
    [
        .. typeof(Attack.Attack).Assembly.GetTypes()
            .Where(type => type.IsAssignableTo(typeof(Attack.Attack)) && type.IsPublic && !type.IsAbstract && type.GetConstructor([]) is not null)
            .Where(type => type != typeof(RecordQuote))
            .Select(type => type.FullName!),
    ];

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Attack_OnMessages_IsStopped(string attack)
    {
        var mounted = (Attack.Attack)Activator.CreateInstance(typeof(Attack.Attack).Assembly.GetType(attack)!)!;
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
}
