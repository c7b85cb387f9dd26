using Google.Protobuf;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Tests.Infrastructure;
using Approval = Orchestrator.Contracts.Approvals.Approval;

namespace Orchestrator.Host.Tests.Jobs;

public class JobTests
{
    [Fact]
    public async Task Job_ApprovedByAllAndUploaded_ReachesTheQueueStepByStep()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();

        await job.ProposeAsync();
        Job proposed = await job.GetAsync();
        Assert.Equal((JobState.Proposed, "lab", "breast cancer"), (proposed.State, proposed.Proposer, proposed.Name));
        Assert.Equal(job.Manifest.Encoding.ToArray(), proposed.Manifest.ToByteArray());
        Assert.Equal(job.Samples.Select(sample => sample.Value.Digest.ToString()).Order(), proposed.MissingObjects);

        await job.ApproveAsync(job.Clients[0]);
        Assert.Equal(JobState.Approved, (await job.ApproveAsync(job.Clients[1])).State);
        Assert.Equal(["clinic-a", "clinic-b", "lab"], (await job.GetAsync()).Approvals.Select(approval => approval.Party));

        await job.UploadAsync();
        Job queued = await job.GetAsync(job.Clients[0]);
        Assert.Equal(JobState.Queued, queued.State);
        Assert.Empty(queued.MissingObjects);

        List<JobEvent> events = await job.WatchAsync(happened => happened.Kind == "waiting_for_agent");
        Assert.Equal(
            ["proposed", "approved", "approved", "approved", "approved_by_all", "object_stored", "object_stored", "object_stored", "queued", "waiting_for_agent"],
            events.Select(happened => happened.Kind));
        Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (ulong)number), events.Select(happened => happened.Sequence));
        Assert.Equal(["lab", "lab", "clinic-a", "clinic-b"], events.Take(4).Select(happened => happened.Party));
    }

    [Fact]
    public async Task Propose_MoreOpenJobsThanGranted_IsRefusedUntilOneEnds()
    {
        await using TestHost host = await TestHost.StartAsync(options => options with { MaximumOpenJobs = 2 });
        using var first = new TestJob(host);
        await first.LoginAsync();
        TestParty[] parties = [.. first.Clients.Select(client => client.Party)];
        using var second = new TestJob(host, serial: 2, parties: parties);
        await second.LoginAsync();
        using var third = new TestJob(host, serial: 3, parties: parties);
        await third.LoginAsync();
        await first.ProposeAsync();
        await second.ProposeAsync();

        await Expect.CodeAsync(HostErrors.JobLimit, third.ProposeAsync);
        await Expect.CodeAsync(HostErrors.JobNotFound, () => third.GetAsync());
        await Expect.CodeAsync(HostErrors.JobExists, second.ProposeAsync);

        await first.Lab.Jobs.CancelAsync(new CancelRequest { Job = HostClient.Bytes(first.Digest) }, first.Lab.Headers);
        await third.ProposeAsync();
        Assert.Equal(JobState.Proposed, (await third.GetAsync()).State);
    }

    [Fact]
    public async Task Propose_MoreManifestsThanTheQuota_IsRefused()
    {
        // A manifest of a test job has 1 to 2 KiB: one fits, two do not.
        await using TestHost host = await TestHost.StartAsync(options => options with { ManifestQuotaBytes = 2048 });
        using var first = new TestJob(host);
        Assert.InRange(first.Manifest.Encoding.Length, 1025, 2048);
        await first.LoginAsync();
        await first.ProposeAsync();
        await first.Lab.Jobs.CancelAsync(new CancelRequest { Job = HostClient.Bytes(first.Digest) }, first.Lab.Headers);
        using var second = new TestJob(host, serial: 2, parties: [.. first.Clients.Select(client => client.Party)]);
        await second.LoginAsync();

        await Expect.CodeAsync(HostErrors.JobQuota, second.ProposeAsync);
        await Expect.CodeAsync(HostErrors.JobNotFound, () => second.GetAsync());
    }

    [Fact]
    public async Task Job_AfterARestart_IsAsItWas()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var proposed = new TestJob(host);
        await proposed.LoginAsync();
        await proposed.ProposeAsync();
        Job before = await proposed.GetAsync();
        using var approved = new TestJob(host, serial: 2, parties: [.. proposed.Clients.Select(client => client.Party)]);
        await approved.LoginAsync();
        await approved.ProposeAsync();
        await approved.ApproveAsync(approved.Clients[0]);
        await approved.ApproveAsync(approved.Clients[1]);

        await host.RestartAsync();
        await proposed.ReconnectAsync(host);
        await approved.ReconnectAsync(host);

        Assert.Equal(before, await proposed.GetAsync());
        Assert.Equal(JobState.Approved, (await approved.GetAsync()).State);
        await approved.UploadAsync();
        Assert.Equal(JobState.Queued, (await approved.GetAsync()).State);
    }

    [Fact]
    public async Task Approve_ASecondTime_IsAConflict()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();
        await job.ApproveAsync(job.Clients[0]);

        await Expect.CodeAsync(HostErrors.JobAlreadyApproved, () => job.ApproveAsync(job.Clients[0]));
        await Expect.CodeAsync(HostErrors.JobAlreadyApproved, () => job.ApproveAsync(job.Lab));
    }

    [Fact]
    public async Task Approve_WithAnotherPartysApproval_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();
        HostClient clinic = job.Clients[0];

        await Expect.CodeAsync(HostErrors.JobApprovalForeign, async () => await clinic.Jobs.ApproveAsync(
            new ApproveRequest { Job = HostClient.Bytes(job.Digest), Approval = ByteString.CopyFrom(job.ApprovalOf(job.Clients[1].Party)) }, clinic.Headers));
        Assert.Single((await job.GetAsync()).Approvals);
    }

    [Fact]
    public async Task Approve_WithAnApprovalOfAnotherManifest_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        using var other = new TestJob(host, serial: 2, parties: [.. job.Clients.Select(client => client.Party)]);
        await job.LoginAsync();
        await job.ProposeAsync();
        HostClient clinic = job.Clients[0];

        await Expect.CodeAsync(ContractErrors.ApprovalOtherManifest, async () => await clinic.Jobs.ApproveAsync(
            new ApproveRequest { Job = HostClient.Bytes(job.Digest), Approval = ByteString.CopyFrom(other.ApprovalOf(clinic.Party)) }, clinic.Headers));
    }

    [Fact]
    public async Task Approve_WithAnAlteredApproval_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();
        HostClient clinic = job.Clients[0];
        byte[] approval = job.ApprovalOf(clinic.Party);
        approval[^1] ^= 1;

        await Expect.CodeAsync(ContractErrors.ApprovalInvalid, async () => await clinic.Jobs.ApproveAsync(
            new ApproveRequest { Job = HostClient.Bytes(job.Digest), Approval = ByteString.CopyFrom(approval) }, clinic.Headers));
    }

    [Fact]
    public async Task Job_OfOthers_LooksLikeAnUnknownOne()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();
        using HostClient stranger = await host.LoginAsync(new TestParty("stranger"));
        Digest unknown = Digest.Of("unknown"u8);

        foreach (Func<Digest, Task> call in CallsOn(stranger, job))
        {
            OrchestratorException foreign = await Expect.CodeAsync(HostErrors.JobNotFound, () => call(job.Digest));
            OrchestratorException missing = await Expect.CodeAsync(HostErrors.JobNotFound, () => call(unknown));
            Assert.Equal(missing.Message.Replace(unknown.ToString(), "", StringComparison.Ordinal), foreign.Message.Replace(job.Digest.ToString(), "", StringComparison.Ordinal));
        }

        Assert.Empty((await stranger.Jobs.ListAsync(new ListJobsRequest(), stranger.Headers)).Jobs);
    }

    [Fact]
    public async Task Job_ThatNamesAPartyWithKeysItDoesNotHave_IsNotThatPartys()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        foreach (HostClient client in job.Clients.Skip(1))
        {
            await client.RegisterAsync();
            await client.LoginAsync();
        }

        await job.ProposeAsync();
        using HostClient impostor = await host.LoginAsync(new TestParty("clinic-a"));

        await Expect.CodeAsync(HostErrors.JobNotFound, () => job.GetAsync(impostor));
        Assert.Empty((await impostor.Jobs.ListAsync(new ListJobsRequest(), impostor.Headers)).Jobs);
    }

    [Fact]
    public async Task Propose_WithKeysOtherThanTheRegisteredOnes_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient registered = await host.LoginAsync(new TestParty("clinic-a"));
        using var job = new TestJob(host);
        await job.Lab.RegisterAsync();
        await job.Lab.LoginAsync();

        await Expect.CodeAsync(HostErrors.JobPartyKeys, job.ProposeAsync);
    }

    [Fact]
    public async Task Propose_WithAnotherSealingKeyThanTheRegisteredOne_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient registered = await host.LoginAsync(new TestParty("clinic-a"));
        var withOtherSealingKey = new TestParty("clinic-a") { SigningKey = registered.Party.SigningKey };
        using var job = new TestJob(host, parties: [withOtherSealingKey, new TestParty("clinic-b"), new TestParty("lab")]);
        await job.Lab.RegisterAsync();
        await job.Lab.LoginAsync();

        await Expect.CodeAsync(HostErrors.JobPartyKeys, job.ProposeAsync);
    }

    [Fact]
    public async Task Propose_ByAPartyThatTheManifestDoesNotName_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        using HostClient stranger = await host.LoginAsync(new TestParty("stranger"));

        await Expect.CodeAsync(HostErrors.JobApprovalForeign, async () => await stranger.Jobs.ProposeAsync(
            new ProposeRequest { Manifest = ByteString.CopyFrom(job.Manifest.Encoding.Span), Approval = ByteString.CopyFrom(job.ApprovalOf(job.Lab.Party)) }, stranger.Headers));
        await Expect.CodeAsync(HostErrors.JobNotFound, () => job.GetAsync());
    }

    [Fact]
    public async Task Propose_TheSameManifestTwice_IsAConflict()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();

        await Expect.CodeAsync(HostErrors.JobExists, job.ProposeAsync);
    }

    [Fact]
    public async Task Propose_WithAnAlteredManifest_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        Manifest altered = Manifest.Create(job.Manifest.Content with { Serial = 99 });

        await Expect.CodeAsync(ContractErrors.ApprovalOtherManifest, async () => await job.Lab.Jobs.ProposeAsync(
            new ProposeRequest { Manifest = ByteString.CopyFrom(altered.Encoding.Span), Approval = ByteString.CopyFrom(job.ApprovalOf(job.Lab.Party)) }, job.Lab.Headers));
    }

    [Fact]
    public async Task Withdraw_ByAnyParty_EndsTheJobForAll()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.QueueAsync();
        HostClient clinic = job.Clients[1];

        Job withdrawn = await clinic.Jobs.WithdrawAsync(new WithdrawRequest { Job = HostClient.Bytes(job.Digest), Reason = "ethics board\u001b[2J" }, clinic.Headers);

        Assert.Equal((JobState.Withdrawn, HostErrors.JobWithdrawn.Id), (withdrawn.State, withdrawn.Failure.Code));
        List<JobEvent> events = await job.WatchAsync();
        Assert.Equal(("withdrawn", "clinic-b", JobState.Withdrawn), (events[^1].Kind, events[^1].Party, events[^1].State));
        Assert.DoesNotContain(events[^1].Text, char.IsControl);
        await Expect.CodeAsync(HostErrors.JobEnded, async () => await job.Lab.Jobs.CancelAsync(new CancelRequest { Job = HostClient.Bytes(job.Digest) }, job.Lab.Headers));
        await Expect.CodeAsync(HostErrors.JobEnded, () => job.ApproveAsync(job.Clients[0]));
    }

    [Fact]
    public async Task Cancel_ByAnotherThanTheProposer_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();
        HostClient clinic = job.Clients[0];

        await Expect.CodeAsync(HostErrors.JobNotProposer, async () => await clinic.Jobs.CancelAsync(new CancelRequest { Job = HostClient.Bytes(job.Digest) }, clinic.Headers));
        Assert.Equal(JobState.Cancelled, (await job.Lab.Jobs.CancelAsync(new CancelRequest { Job = HostClient.Bytes(job.Digest) }, job.Lab.Headers)).State);
    }

    [Fact]
    public async Task Watch_FromANumberOn_GoesOnAfterIt()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();
        Task<List<JobEvent>> watching = job.WatchAsync(after: 1);

        await job.ApproveAsync(job.Clients[0]);
        await job.Lab.Jobs.CancelAsync(new CancelRequest { Job = HostClient.Bytes(job.Digest) }, job.Lab.Headers);

        List<JobEvent> events = await Expect.WithinAsync(watching);
        Assert.Equal(["approved", "approved", "cancelled"], events.Select(happened => happened.Kind));
        Assert.Equal([2UL, 3, 4], events.Select(happened => happened.Sequence));
        Assert.Empty(await job.WatchAsync(after: 4));
    }

    [Fact]
    public async Task List_NewestFirst_LeavesTheLargePartsOut()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var first = new TestJob(host);
        await first.LoginAsync();
        await first.ProposeAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        using var second = new TestJob(host, serial: 2, parties: [.. first.Clients.Select(client => client.Party)]);
        await second.LoginAsync();
        await second.ProposeAsync();

        ListJobsReply list = await first.Clients[0].Jobs.ListAsync(new ListJobsRequest(), first.Clients[0].Headers);

        Assert.Equal([second.Digest, first.Digest], list.Jobs.Select(job => new Digest(job.Job_.Span)));
        Assert.All(list.Jobs, job => Assert.True(job.Manifest.IsEmpty && job.Approvals.Count == 0));
    }

    private static Func<Digest, Task>[] CallsOn(HostClient client, TestJob job) =>
    [
        async digest => await client.Jobs.GetAsync(new GetJobRequest { Job = HostClient.Bytes(digest) }, client.Headers),
        async digest => await client.Jobs.WithdrawAsync(new WithdrawRequest { Job = HostClient.Bytes(digest) }, client.Headers),
        async digest => await client.Jobs.CancelAsync(new CancelRequest { Job = HostClient.Bytes(digest) }, client.Headers),
        async digest => await client.Jobs.ApproveAsync(new ApproveRequest { Job = HostClient.Bytes(digest), Approval = ByteString.CopyFrom(job.ApprovalOf(job.Lab.Party)) }, client.Headers),
        async digest =>
        {
            using var call = client.Jobs.Watch(new WatchRequest { Job = HostClient.Bytes(digest) }, client.Headers);
            await call.ResponseStream.MoveNext(CancellationToken.None);
        },
    ];
}
