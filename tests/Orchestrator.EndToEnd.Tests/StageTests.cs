using Orchestrator.Attack.Groups;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;
using Orchestrator.Sdk;
using Orchestrator.Uvm;

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

    [Fact]
    public async Task Job_WhoseGroupIsLost_RunsTheStageAgain()
    {
        int launches = 0;
        deployment.Shim.Mischief = new StageMischief
        {
            OnEvidence = evidence =>
            {
                launches++;
                return evidence;
            },
            OnOutput = output =>
            {
                if (launches == 1)
                {
                    deployment.Shim.LoseGroups();
                }

                return output;
            },
        };

        (_, JobEvent last, IReadOnlyList<JobEvent> events) = await deployment.RunAsync(deployment.NewJoin());
        deployment.Shim.Mischief = new StageMischief();

        Assert.True(last.State == JobState.Completed, last.ToString());
        Assert.Equal(2, launches);
        Assert.Contains(events, happened => happened.Kind == "requeued" && happened.Error.Code == "shim-away");
        await deployment.Shim.Idle.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Job_WhoseGroupIsLostWithTheDeviceWaiting_SaysWhy_AndRunsTheStageAgain()
    {
        int launches = 0;
        deployment.Shim.Mischief = new StageMischief
        {
            OnEvidence = evidence =>
            {
                launches++;
                return evidence;
            },
            OnOffer = quote => launches == 1 ? throw new OrchestratorException(UvmErrors.Panicked, "The utility VM's kernel gave up: of itself.") : quote,
        };

        (_, JobEvent last, IReadOnlyList<JobEvent> events) = await deployment.RunAsync(deployment.NewJoin());
        deployment.Shim.Mischief = new StageMischief();

        Assert.True(last.State == JobState.Completed, last.ToString());
        Assert.Equal(2, launches);
        JobEvent lost = Assert.Single(events, happened => happened.Kind == "requeued");
        Assert.Equal(("uvm-panicked", UvmErrors.Panicked.Remedy), (lost.Error.Code, lost.Error.Remedy));
        Assert.Contains("gave up: of itself", lost.Text, StringComparison.Ordinal);
        await deployment.Shim.Idle.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Job_WhoseGroupsAllEndOneWayOrAnother_FailsAfterThree()
    {
        int launches = 0;
        deployment.Shim.Mischief = new StageMischief
        {
            OnEvidence = _ =>
            {
                deployment.Shim.LoseGroups();
                throw ++launches % 2 == 0
                    ? new OrchestratorException(UvmErrors.Killed, "The utility VM was ended by signal 9.")
                    : new OrchestratorException(UvmErrors.NotStarted, "The utility VM ended with 1.");
            },
        };

        (_, JobEvent last, _) = await deployment.RunAsync(deployment.NewJoin());
        deployment.Shim.Mischief = new StageMischief();

        Assert.Equal((JobState.Failed, "uvm-not-started", 3), (last.State, last.Error.Code, launches));
    }

    [Fact]
    public async Task Job_WhoseGroupHasNoRoom_WaitsForItLongerThanForGroupsThatEnd()
    {
        const int Refusals = 3;
        int launches = 0;
        deployment.Shim.Mischief = new StageMischief
        {
            OnEvidence = evidence =>
            {
                if (++launches > Refusals)
                {
                    return evidence;
                }

                deployment.Shim.LoseGroups();
                throw new OrchestratorException(UvmErrors.NoMemory, "The utility VM asks for 4 MiB of memory, and the host has 3 MiB left.");
            },
        };

        (_, JobEvent last, IReadOnlyList<JobEvent> events) = await deployment.RunAsync(deployment.NewJoin());
        deployment.Shim.Mischief = new StageMischief();

        Assert.True(last.State == JobState.Completed, last.ToString());
        Assert.Equal(Enumerable.Repeat("uvm-no-memory", Refusals), events.Where(happened => happened.Kind == "requeued").Select(happened => happened.Error.Code));
    }

    [Fact]
    public async Task Job_WhoseStageMakesTooMuch_FailsCleanly()
    {
        (Digest name, JobEvent last, _) = await deployment.RunAsync(deployment.NewJoin(mostRecords: 10));

        Assert.Equal((JobState.Failed, "stage-output-exceeded"), (last.State, last.Error.Code));
        Job job = await deployment.Parties.Lab.Host.JobAsync(name);
        Assert.Empty(job.Outputs);
        await deployment.Shim.Idle.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("", "group-not-trusted")]
    [InlineData("simulated", "snp-sandbox")]
    [InlineData("sandbox", "snp-simulated")]
    public async Task Job_WhosePartyDoesNotAcceptTheGroup_FailsWithItsReason(string allowed, string code)
    {
        Participant clinic = deployment.Parties.ClinicB;
        string policy = await File.ReadAllTextAsync(clinic.PolicyFile);
        await clinic.StopAgentAsync();
        try
        {
            await File.WriteAllTextAsync(clinic.PolicyFile, policy[..policy.IndexOf("snp:", StringComparison.Ordinal)]);
            if (allowed.Length > 0)
            {
                await deployment.AddGroupsAsync(clinic, allowed);
            }

            await clinic.StartAgentAsync();
            (_, JobEvent last, _) = await deployment.RunAsync(deployment.NewJoin());

            Assert.Equal((JobState.Failed, "release-refused"), (last.State, last.Error.Code));
            Contracts.Protocol.Denial denial = Assert.Single(last.Error.Denials);
            Assert.Equal((code, "clinic-b"), (denial.Code, denial.PolicyOf));
        }
        finally
        {
            await clinic.StopAgentAsync();
            await File.WriteAllTextAsync(clinic.PolicyFile, policy);
            await clinic.StartAgentAsync();
        }
    }
}
