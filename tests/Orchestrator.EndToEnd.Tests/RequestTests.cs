using System.Net;
using System.Net.Sockets;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>What a host cannot or must not do for a party: one line with code and remedy, an exit code, and everything as it was.</summary>
[Collection<FinishedJob.Collection>]
public sealed class RequestTests(FinishedJob finished)
{
    private Participant Lab => finished.Parties.Lab;

    [Fact]
    public async Task Host_Away_IsSaid()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        int free = ((IPEndPoint)port.LocalEndpoint).Port;
        port.Stop();

        Ending ending = await Lab.RunAsync("job", "list", "--host", $"https://127.0.0.1:{free}");

        ending.AssertFailed(ErrorClass.Unavailable, "host-away");
        Assert.Empty(ending.Output);
    }

    [Fact]
    public async Task Host_WithAnotherCertificateThanBefore_IsNotTalkedTo()
    {
        await using Participant visitor = await finished.InviteAsync("visitor");
        string address;
        await using (Service genuine = await finished.StartHostAsync("genuine-host"))
        {
            address = genuine.Address.ToString();
            await visitor.ConnectAsync(genuine.Address);
        }

        await using Service impostor = await finished.StartHostAsync("impostor", new Uri(address).Authority);
        Ending ending = await visitor.RunAsync("job", "list", "--host", address);

        ending.AssertFailed(ErrorClass.Integrity, "host-certificate-changed");
        Assert.Empty(ending.Output);
        Assert.DoesNotContain("registered", impostor.Log, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Job_Unknown_IsNotFound()
    {
        string unknown = Digest.Of("no job"u8).ToString();
        foreach (string command in (string[])["review", "approve", "watch", "withdraw", "cancel"])
        {
            (await RunAsync(Lab, command, unknown)).AssertFailed(ErrorClass.NotFound, "job-not-found");
        }
    }

    [Fact]
    public async Task Job_OfOthers_IsNotThereForAStranger()
    {
        await using Participant stranger = await finished.InviteAsync("stranger");
        string job = finished.Job.ToString();
        string result = finished.Folder["stranger-result"];

        foreach (string command in (string[])["review", "approve", "watch", "withdraw"])
        {
            (await RunAsync(stranger, command, job)).AssertFailed(ErrorClass.NotFound, "job-not-found");
        }

        (await stranger.RunAsync("job", "result", job, "-o", result, "--host", finished.Host.Address.ToString())).AssertFailed(ErrorClass.NotFound, "job-not-found");
        Assert.False(Directory.Exists(result));
        Assert.Empty(await stranger.Host.JobsAsync());
        Assert.Contains(await Lab.Host.JobsAsync(), seen => seen.Job_.Span.SequenceEqual(finished.Job.ToArray()));
    }

    [Fact]
    public async Task Approval_ByAPartyThatTheManifestDoesNotName_IsRefused()
    {
        await using Participant stranger = await finished.InviteAsync("signatory");
        Digest job = await ProposeAsync();

        OrchestratorException refusal = await Assert.ThrowsAsync<OrchestratorException>(
            async () => await stranger.Host.ApproveAsync(await Lab.Host.ManifestAsync(job)));

        Assert.Same(JobErrors.NotNamed, refusal.Code);
        Assert.Null(stranger.Party.Keys.FindApproved(job));
        Assert.Equal(["lab"], (await Lab.Host.JobAsync(job)).Approvals.Select(approval => approval.Party));
    }

    [Fact]
    public async Task Approval_ForTheSecondTime_IsAConflict()
    {
        Digest job = await ProposeAsync();
        Assert.Equal(0, (await RunAsync(finished.Parties.ClinicA, "approve", job.ToString())).ExitCode);

        Ending second = await RunAsync(finished.Parties.ClinicA, "approve", job.ToString());

        second.AssertFailed(ErrorClass.Conflict, "job-already-approved");
        Job state = await Lab.Host.JobAsync(job);
        Assert.Equal(JobState.Proposed, state.State);
        Assert.Equal(["clinic-a", "lab"], state.Approvals.Select(approval => approval.Party).Order());
    }

    [Fact]
    public async Task Job_ProposedTwice_IsAConflict()
    {
        var manifest = JobCompiler.Compile(finished.NewJob());
        await Lab.Host.ProposeAsync(manifest);

        OrchestratorException refusal = await Assert.ThrowsAsync<OrchestratorException>(() => Lab.Host.ProposeAsync(manifest));

        Assert.Equal("job-exists", refusal.Code.Id);
    }

    [Fact]
    public async Task Job_CancelledByAnotherThanItsProposer_GoesOn()
    {
        Digest job = await ProposeAsync();

        (await RunAsync(finished.Parties.ClinicA, "cancel", job.ToString())).AssertFailed(ErrorClass.Refused, "job-not-proposer");

        Assert.Equal(JobState.Proposed, (await Lab.Host.JobAsync(job)).State);
    }

    [Fact]
    public async Task Job_WithdrawnByAParty_EndsForAllAndFailsTheirWatch()
    {
        Digest job = await ProposeAsync();
        await finished.Parties.ClinicB.Host.WithdrawAsync(job, "second thoughts");

        (await RunAsync(Lab, "watch", job.ToString())).AssertFailed(ErrorClass.JobFailed, "job-ended-without-result");
        (await RunAsync(finished.Parties.ClinicA, "approve", job.ToString())).AssertFailed(ErrorClass.Conflict, "job-ended");
    }

    private Task<Digest> ProposeAsync() => Lab.Host.ProposeAsync(JobCompiler.Compile(finished.NewJob()));

    private Task<Ending> RunAsync(Participant party, string command, string job) =>
        party.RunAsync("job", command, job, "--host", finished.Host.Address.ToString());
}
