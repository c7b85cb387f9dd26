using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>Jobs with a prepare stage, over a shim without containers: everything but these is the real thing.</summary>
public sealed class StageTests(JoinDeployment deployment) : IClassFixture<JoinDeployment>
{
    [Fact]
    public async Task Job_OverAJoin_TrainsOnWhatNobodyHasSeen()
    {
        JobFile job = deployment.NewJoin();
        (Digest name, JobEvent last, IReadOnlyList<JobEvent> events) = await deployment.RunAsync(job);

        Assert.True(last.State == JobState.Completed, last.ToString());
        string[] kinds = [.. events.Select(happened => happened.Kind)];
        Assert.Equal(["group_attested", "stage_running", "stage_prepared"], kinds.Where(kind => kind.StartsWith("group_", StringComparison.Ordinal) || kind.StartsWith("stage_", StringComparison.Ordinal)));

        string result = deployment.Folder["result"];
        await deployment.Parties.Lab.Host.ResultAsync(name, result, deployment.Parties.Lab.Policy);
        VerifiedReceipt receipt = ReceiptCheck.VerifyFile(Path.Combine(result, "receipt.cose"), deployment.Parties.Lab.Policy);
        Contracts.Stages.Preparation made = Assert.Single(receipt.Receipt.Preparations);
        Assert.Equal((long)File.ReadLines(deployment.Joined).Count() - 1, made.Outputs.Single().Records);
        Assert.Contains(events, happened => happened.Kind == "stage_prepared" && happened.Text.Contains(made.Digest.ToString(), StringComparison.Ordinal) && happened.Text.Contains(made.Evidence.Digest.ToString(), StringComparison.Ordinal));
    }
}
