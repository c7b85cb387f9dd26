using System.Diagnostics;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>The example of a join with all that is real: shim, guest agent, image, container. Needs root, as sandboxes do.</summary>
public sealed class JoinTests : IAsyncLifetime
{
    private readonly GroupDeployment _deployment = new();

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Groups need root.");
        Assert.SkipUnless(File.Exists("/usr/bin/crun") && File.Exists("/usr/bin/busybox"), "crun or busybox-static is not installed.");
        await _deployment.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _deployment.DisposeAsync();

    [Fact]
    public async Task Example_JoinsInAContainer_AndTheHostHasSeenNoPatient()
    {
        (Digest name, JobEvent last, _) = await _deployment.RunAsync(await _deployment.NewJoinAsync());

        Assert.True(last.State == JobState.Completed, last.ToString());
        string result = _deployment.Folder["result"];
        await _deployment.Parties.Lab.Host.ResultAsync(name, result, _deployment.Parties.Lab.Policy);
        VerifiedReceipt receipt = ReceiptCheck.VerifyFile(Path.Combine(result, "receipt.cose"), _deployment.Parties.Lab.Policy);
        Assert.Equal(455, Assert.Single(receipt.Receipt.Preparations).Outputs.Single().Records);

        byte[] patient = System.Text.Encoding.UTF8.GetBytes(File.ReadLines(_deployment.Folder["west.csv"]).ElementAt(7));
        Assert.All(
            Directory.GetFiles(_deployment.HostState, "*", SearchOption.AllDirectories).Concat(Directory.GetFiles(_deployment.ShimState, "*", SearchOption.AllDirectories))
                .Where(file => Path.GetFileName(file) != "lock"),
            file => Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(patient) < 0, file));
        Assert.DoesNotContain("P0", _deployment.Shim.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stage_WhoseAgentOrShimIsKilled_IsPreparedByAnotherGroup(bool shim)
    {
        Digest name = await _deployment.Parties.AgreeOnAsync(await _deployment.NewJoinAsync(GroupDeployment.Slow));
        await using JobFollower follower = _deployment.Follow(name);
        await follower.UntilAsync("stage_running");
        int guest = GuestProcess();
        await (shim ? _deployment.RestartShimAsync() : KillAsync(guest));

        JobEvent last = await follower.ToEndAsync();

        Assert.True(last.State == JobState.Completed, follower.ToString());
        Assert.Equal(2, follower.Events.Count(happened => happened.Kind == "group_attested"));
        Assert.False(Directory.Exists($"/proc/{guest}"));
    }

    /// <summary>The agent of the one group that runs.</summary>
    private int GuestProcess() => ProcessTree.DescendantsOf(_deployment.Shim.ProcessId).Single(id => File.ReadAllText($"/proc/{id}/comm").StartsWith("Orchestrator.Gu", StringComparison.Ordinal));

    private static async Task KillAsync(int process)
    {
        using var found = Process.GetProcessById(process);
        found.Kill();
        await found.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
