using System.Diagnostics;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>
/// Jobs whose group has a virtual machine of its own, and what becomes of them when it ends in the middle. Skipped unless ORCHESTRATOR_UVM names an image.
/// </summary>
public sealed class MachineTests(MachineDeployment deployment) : IClassFixture<MachineDeployment>
{
    [Fact]
    [Trait("Machine", "short")]
    public async Task Job_WhoseMachineIsKilled_SaysSo_AndGoesOnInAnother()
    {
        UtilityVm.Require();
        Digest name = await deployment.Parties.AgreeOnAsync(await deployment.NewJoinAsync(GroupDeployment.Slow));
        await using JobFollower follower = deployment.Follow(name);
        await follower.UntilAsync("stage_running");
        int machine = Assert.Single(deployment.Machines());
        Process.GetProcessById(machine).Kill();

        JobEvent last = await follower.ToEndAsync();

        Assert.True(last.State == JobState.Completed, follower.ToString());
        JobEvent lost = Assert.Single(follower.Events, happened => happened.Kind == "requeued");
        Assert.Equal("uvm-killed", lost.Error.Code);
        Assert.Contains("signal 9", lost.Text, StringComparison.Ordinal);
        Assert.Equal(2, follower.Events.Count(happened => happened.Kind == "group_attested"));
        Assert.True(await deployment.IsAsUndisturbedAsync(name));
        await deployment.AssertCleanAsync();
    }

    [Theory]
    [InlineData(MachineDeployment.Panics, "uvm-panicked", "sysrq triggered crash")]
    [InlineData(MachineDeployment.Kills, "uvm-agent-ended", "ended with 137")]
    public async Task Job_WhoseContainerEndsItsMachine_FailsAfterThree_AndTheNextJobRuns(string group, string code, string words)
    {
        UtilityVm.Require();

        (_, JobEvent last, IReadOnlyList<JobEvent> events) = await deployment.RunAsync(await deployment.NewJoinAsync(group));

        Assert.Equal((JobState.Failed, code), (last.State, last.Error.Code));
        Assert.Contains(words, last.Error.Message, StringComparison.Ordinal);
        Assert.Equal(3, events.Count(happened => happened.Kind == "group_attested"));
        Assert.All(events.Where(happened => happened.Kind == "requeued"), lost => Assert.Equal(code, lost.Error.Code));
        await deployment.AssertCleanAsync();
        (Digest name, JobEvent end, _) = await deployment.RunAsync(await deployment.NewJoinAsync());
        Assert.True(end.State == JobState.Completed, end.ToString());
        Assert.True(await deployment.IsAsUndisturbedAsync(name));
    }

    [Theory]
    [InlineData(MachineDeployment.Greedy)]
    [InlineData(MachineDeployment.Careless)]
    public async Task Job_WhoseContainerTakesAllMemory_SaysSo_AndRunsUnderTheSamePolicyWithMore(string group)
    {
        UtilityVm.Require();
        string file = deployment.GroupFile(group);
        string little = await File.ReadAllTextAsync(file);
        Sdk.JobFile job = await deployment.NewJoinAsync(group);

        (_, JobEvent last, IReadOnlyList<JobEvent> events) = await deployment.RunAsync(job);

        Assert.Equal((JobState.Failed, "stage-memory-exhausted"), (last.State, last.Error.Code));
        Assert.Contains(group == MachineDeployment.Greedy ? $"{MachineDeployment.LittleMemory} MiB" : "killed for want of memory", last.Error.Message, StringComparison.Ordinal);
        Assert.Single(events, happened => happened.Kind == "group_attested");
        await deployment.AssertCleanAsync();
        try
        {
            await File.WriteAllTextAsync(file, MachineDeployment.WithMemory(little, 1536));
            await deployment.RestartShimAsync();
            Sdk.JobFile again = await deployment.NewJoinAsync(group);
            (Digest name, JobEvent end, _) = await deployment.RunAsync(again);

            Assert.Equal(job.Stages[0].Policy, again.Stages[0].Policy);
            Assert.True(end.State == JobState.Completed, end.ToString());
            Assert.True(await deployment.IsAsUndisturbedAsync(name));
        }
        finally
        {
            await File.WriteAllTextAsync(file, little);
            await deployment.RestartShimAsync();
        }
    }

    [Fact]
    public async Task Job_WhoseMachineHasNoRoomOnTheDisk_WaitsForIt()
    {
        UtilityVm.Require();
        string disk = Directory.CreateDirectory(deployment.Folder["small"]).FullName;
        Assert.SkipUnless(Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk), "No small disk can be mounted.");
        try
        {
            await deployment.RestartShimAsync(state: disk);
            Digest name = await deployment.Parties.AgreeOnAsync(await deployment.NewJoinAsync());
            await using JobFollower follower = deployment.Follow(name);

            JobEvent lost = await follower.UntilAsync("requeued");
            Assert.Equal("uvm-no-space", lost.Error.Code);
            Assert.Contains("1024 MiB", lost.Text, StringComparison.Ordinal);
            Assert.All(Directory.GetFiles(disk, "*", SearchOption.AllDirectories), file => Assert.EndsWith(".layer", file, StringComparison.Ordinal));
            Assert.True(Run("mount", "-o", "remount,size=1500m", disk));
            JobEvent last = await follower.ToEndAsync();

            Assert.True(last.State == JobState.Completed, follower.ToString());
            Assert.True(await deployment.IsAsUndisturbedAsync(name));
        }
        finally
        {
            await deployment.RestartShimAsync();
            Run("umount", "--lazy", disk);
        }
    }

    [Theory]
    [InlineData("none", "snp-endorsement-missing")]
    [InlineData("another", "snp-endorser")]
    [InlineData("old", "snp-endorsement-svn")]
    public async Task Job_WhoseMachineIsNotEndorsedAsAPartyDemands_GetsNoKeys(string endorsement, string code)
    {
        UtilityVm.Require();
        Participant clinic = deployment.Parties.ClinicB;
        string policy = await File.ReadAllTextAsync(clinic.PolicyFile);
        try
        {
            if (endorsement == "old")
            {
                await RestartAgentAsync(clinic, policy.Replace("minimum_svn: 1", "minimum_svn: 2", StringComparison.Ordinal));
            }
            else
            {
                await deployment.EndorseAsync("another");
                await deployment.RestartShimAsync(publisher: endorsement == "none" ? null : "another");
            }

            (_, JobEvent last, IReadOnlyList<JobEvent> events) = await deployment.RunAsync(await deployment.NewJoinAsync());

            Assert.Equal((JobState.Failed, "release-refused"), (last.State, last.Error.Code));
            Assert.Contains(last.Error.Denials, denial => denial.Code == code && denial.PolicyOf == "clinic-b");
            Assert.DoesNotContain(events, happened => happened.Kind == "stage_running");
            await deployment.AssertCleanAsync();
        }
        finally
        {
            await RestartAgentAsync(clinic, policy);
            await deployment.RestartShimAsync();
        }
    }

    [Fact]
    public async Task Shim_WithAnEndorsementOfAnotherMeasurement_DoesNotStart()
    {
        UtilityVm.Require();
        string foreign = deployment.Folder["sandbox.cose"];
        await Executable.RunAsync(Executable.Orchestrator, "group", "endorse", "--publisher", deployment.Folder["publisher"], "--out", foreign);

        Ending ending = await Executable.RunAsync(Executable.Orchestrator, "shim", "run", "--state", deployment.Folder["foreign"], "--uvm", UtilityVm.Image!, "--endorsement", foreign);

        ending.AssertFailed(ErrorClass.Conflict, "shim-endorsement-foreign");
    }

    [Fact]
    public async Task Group_HasTheMemoryAndCoresOfItsFile()
    {
        UtilityVm.Require();
        string file = Path.Combine(Path.GetDirectoryName(deployment.GroupFile(GroupDeployment.Example))!, "size.yaml");
        await File.WriteAllTextAsync(file, """
            format: orchestrator/group/v1
            name: size
            memory: 768
            cores: 1
            containers:
              - name: size
                image: busybox.tar
                command: [sh, -c, "nproc; awk '/MemTotal/ { print $2 }' /proc/meminfo"]
                stdio: true
            """);

        Ending ending = await Executable.RunAsync(Executable.Orchestrator, deployment.JobPatience, "group", "run", file, "--uvm", UtilityVm.Image!, "--psp", deployment.Folder["psp"]);

        Assert.True(ending.ExitCode == 0, ending.ToString());
        string[] lines = ending.Output.Split('\n');
        Assert.Equal("1", lines[0]);

        // The kernel keeps some of it to itself.
        Assert.InRange(int.Parse(lines[1], System.Globalization.CultureInfo.InvariantCulture), 500 << 10, 768 << 10);
        Assert.Contains("768 MiB, 1 core", ending.Error, StringComparison.Ordinal);
    }

    private static async Task RestartAgentAsync(Participant party, string policy)
    {
        await party.StopAgentAsync();
        await File.WriteAllTextAsync(party.PolicyFile, policy);
        await party.StartAgentAsync();
    }

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
