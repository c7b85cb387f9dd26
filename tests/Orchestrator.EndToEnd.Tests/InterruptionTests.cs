using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>Somebody is away, or is killed in the middle: the job says so, waits, and ends as if nothing had happened.</summary>
public sealed class InterruptionTests(Deployment deployment) : IClassFixture<Deployment>
{
    private Consortium Parties => deployment.Parties;

    [Fact]
    public async Task Device_Away_IsWaitedFor()
    {
        await deployment.Device.KillAsync();
        Digest job = await Parties.AgreeOnAsync(deployment.NewJob());
        await using JobFollower follower = deployment.Follow(job);
        JobEvent waiting = await follower.UntilAsync("waiting_for_device");
        await deployment.RestartDeviceAsync();

        Assert.Equal(JobState.Queued, waiting.State);
        Assert.NotEmpty(waiting.Text);
        await AssertCompletedAsync(job, follower, attempts: 1);
    }

    [Fact]
    public async Task Device_KilledInTheMiddle_CostsAnAttempt()
    {
        Digest job = await Parties.AgreeOnAsync(LongJob());
        await using JobFollower follower = deployment.Follow(job);
        await follower.UntilAsync("progress");
        await deployment.Device.KillAsync();
        JobEvent requeued = await follower.UntilAsync("requeued");
        await deployment.RestartDeviceAsync();

        Assert.Equal("device-away", requeued.Error.Code);
        await AssertCompletedAsync(job, follower, attempts: 2);
        await AssertModelIsAsUninterruptedAsync(job);
    }

    [Fact]
    public async Task Tiles_KilledInTheMiddle_CostAnAttempt()
    {
        Digest job = await Parties.AgreeOnAsync(LongJob());
        await using JobFollower follower = deployment.Follow(job);
        await follower.UntilAsync("progress");
        await ProcessTree.KillDescendantAsync(deployment.Device.ProcessId, Executable.Tiles);
        JobEvent requeued = await follower.UntilAsync("requeued");

        Assert.Equal("device-tiles-lost", requeued.Error.Code);
        await AssertCompletedAsync(job, follower, attempts: 2);
        await AssertModelIsAsUninterruptedAsync(job);
    }

    [Fact]
    public async Task Agent_Away_IsWaitedFor()
    {
        await Parties.ClinicB.StopAgentAsync();
        Digest job = await Parties.AgreeOnAsync(deployment.NewJob());
        await using JobFollower follower = deployment.Follow(job);
        JobEvent waiting = await follower.UntilAsync("waiting_for_agent");
        await Parties.ClinicB.StartAgentAsync();

        Assert.Equal(JobState.Queued, waiting.State);
        Assert.Contains("clinic-b", waiting.Text, StringComparison.Ordinal);
        await AssertCompletedAsync(job, follower, attempts: 1);
    }

    [Fact]
    public async Task Agent_KilledInTheMiddle_IsAskedAgainWhenItIsBack()
    {
        await Parties.ClinicB.StopAgentAsync();
        await using var agent = await AgentProcess.StartAsync(Parties.ClinicB, deployment.Host.Address);

        // Stopped, it attends but does not answer: whatever the host asks it now stays open until it is killed.
        await agent.FreezeAsync();
        Digest job = await Parties.AgreeOnAsync(deployment.NewJob());
        await using JobFollower follower = deployment.Follow(job);
        await follower.UntilAsync("device_assigned");
        await agent.KillAsync();
        Assert.Equal(JobState.Attesting, (await Parties.Lab.Host.JobAsync(job)).State);
        await Parties.ClinicB.StartAgentAsync();

        await AssertCompletedAsync(job, follower, attempts: 1);
    }

    [Fact]
    public async Task Host_KilledInTheMiddle_ComesBackIntoItsStateAndFinishes()
    {
        Digest proposed = await Parties.Lab.Host.ProposeAsync(JobCompiler.Compile(deployment.NewJob()));
        await Parties.ClinicA.ApproveAsync(proposed);
        Digest job = await Parties.AgreeOnAsync(LongJob());
        await using JobFollower follower = deployment.Follow(job);
        await follower.UntilAsync("progress");
        IReadOnlyList<string> before = await DescribeJobsAsync(except: job);

        await deployment.Host.KillAsync();
        await deployment.RestartHostAsync();
        await follower.UntilAsync("requeued");

        Assert.Equal(before, await DescribeJobsAsync(except: job));
        await AssertCompletedAsync(job, follower, attempts: 2);
        Assert.Equal(Enumerable.Range(1, follower.Events.Count).Select(number => (ulong)number), follower.Events.Select(happened => happened.Sequence));
        await AssertModelIsAsUninterruptedAsync(job);

        await Parties.ClinicB.ApproveAsync(proposed);
        await using JobFollower other = deployment.Follow(proposed);
        await AssertCompletedAsync(proposed, other, attempts: 1);
    }

    /// <summary>A job that is not over before somebody can be killed.</summary>
    private JobFile LongJob()
    {
        JobFile job = deployment.NewJob();
        return job with { Plan = job.Plan with { BatchSize = 4, Epochs = 150 } };
    }

    private async Task AssertCompletedAsync(Digest job, JobFollower follower, int attempts)
    {
        Assert.Equal(JobState.Completed, (await follower.ToEndAsync()).State);
        Assert.Equal(attempts, follower.Events.Count(happened => happened.Kind == "device_assigned"));
        JobResult result = await Parties.Lab.Host.ResultAsync(job, deployment.Folder[$"result-{job}"], Parties.Lab.Policy);
        Assert.Equal(2, result.Outputs.Count);
    }

    private async Task AssertModelIsAsUninterruptedAsync(Digest job)
    {
        Manifest manifest = await Parties.Lab.Host.ManifestAsync(job);
        byte[] uninterrupted = await PlaintextTraining.RunAsync(manifest, deployment.Folder[$"plaintext-{job}"]);
        Assert.Equal(uninterrupted, await File.ReadAllBytesAsync(Path.Combine(deployment.Folder[$"result-{job}"], "model.safetensors")));
    }

    private async Task<IReadOnlyList<string>> DescribeJobsAsync(Digest except)
    {
        var jobs = new List<string>();
        foreach (Job listed in await Parties.Lab.Host.JobsAsync())
        {
            var name = new Digest(listed.Job_.Span);
            if (name != except)
            {
                jobs.Add((await Parties.Lab.Host.JobAsync(name)).ToString());
            }
        }

        return jobs;
    }
}
