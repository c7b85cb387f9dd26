using System.Text;
using Orchestrator.Attack;
using Orchestrator.Attack.Ranges;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Signatures;
using Orchestrator.EndToEnd.Tests.Infrastructure;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>The judge of attacks tells apart what was stopped from what was not: it does not say "stopped" to everything.</summary>
public sealed class AttackRangeTests(AttackRangeTests.Started started) : IClassFixture<AttackRangeTests.Started>
{
    [Fact]
    public Task Attack_ThatDoesNothing_DidNotHappen() => AssertAsync(Verdict.DidNotHappen, new Idle("device-frame-forged"));

    [Fact]
    public Task Attack_ThatNobodyStops_Succeeded() => AssertAsync(Verdict.Succeeded, new Harmless("device-frame-forged"));

    [Fact]
    public Task Attack_ThatIsStoppedForAnotherReason_IsNotStoppedAsItMustBe() => AssertAsync(Verdict.OtherReason, new Nonsense("device-frame-misplaced"));

    [Fact]
    public Task Attack_ThatEndsWithItsCode_IsStopped() => AssertAsync(Verdict.Stopped, new Nonsense("device-transfer-unexpected"));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attack_ThatLeavesAKeyWithTheHost_Leaked(bool asText)
    {
        byte[] key = new byte[PartySigningKey.Size];
        started.Range.Material.Accomplice.Keys.SigningKey.Export(key);
        var planting = new Planting(asText ? Encoding.ASCII.GetBytes($"key={Convert.ToHexString(key)}") : key);
        try
        {
            await AssertAsync(Verdict.Leaked, planting);
        }
        finally
        {
            File.Delete(planting.Path);
        }
    }

    private async Task AssertAsync(Verdict expected, Attack.Attack attack)
    {
        AttackOutcome outcome = await started.Range.RunAsync(attack, TestContext.Current.CancellationToken);

        Assert.True(expected == outcome.Verdict, $"{outcome}");
    }

    private static AttackCard Card(string code) => new("test", "does as the test says", SecurityProperty.Integrity, Watcher.Device, code);

    /// <summary>One range for all.</summary>
    public sealed class Started : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        public AttackRange Range { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Range = await AttackRange.StartAsync(_folder["range"]);

        public async ValueTask DisposeAsync()
        {
            await Range.DisposeAsync();
            _folder.Dispose();
        }
    }

    private sealed class Idle(string code) : Attack.Attack(Card(code));

    private sealed class Harmless(string code) : Attack.Attack(Card(code))
    {
        public override LoadRequest OnLoad(LoadRequest request)
        {
            Strike();
            return request;
        }
    }

    private sealed class Nonsense(string code) : Attack.Attack(Card(code))
    {
        public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
        {
            Strike();
            return [transfer, new HostTransfer()];
        }
    }

    // As a host would that had got hold of a key.
    private sealed class Planting(byte[] found) : Attack.Attack(Card("device-frame-forged"))
    {
        public string Path { get; private set; } = "";

        public override Task BeforeReviewAsync(HostileHost host, Digest job)
        {
            Strike();
            Path = System.IO.Path.Combine(host.State, "found");
            return File.WriteAllBytesAsync(Path, found);
        }
    }
}
