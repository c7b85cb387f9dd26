using System.Diagnostics;
using Orchestrator.Channel;
using Orchestrator.Channel.Decisions;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Guest.Tests.Support;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Guest.Tests;

/// <summary>Groups as a whole: what fails, what ends, and what is left.</summary>
public sealed class GroupTests(Machine machine)
{
    [Fact]
    public async Task ContainerThatCannotStart_LeavesNothing_AndTheIdCanBeUsedByOneThatCan()
    {
        ContainerPolicy missing = Policies.Shell("", machine.Busybox) with { Command = ["/bin/nothing"] };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(missing, Policies.Shell("echo fine", machine.Busybox)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec good = TestGroup.Spec(TestGroup.Id(), "echo fine");

        Assert.Equal("guest-effect-failed", await TestGroup.CodeOf(group.Client.CreateContainerAsync(good with { Process = good.Process with { Command = ["/bin/nothing"] } })));
        (int exitCode, string output, _) = await group.RunAsync(good);

        Assert.Equal((0, "fine\n"), (exitCode, output));
        Assert.Equal([Outcome.Undone, Outcome.Done], (await group.DecisionsAsync()).Where(entry => entry.Point == "create_container").Select(entry => entry.Outcome));
    }

    [Fact]
    public async Task LayerThatCannotBeRead_LeavesThePlaceFree()
    {
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell("true", machine.Busybox)));

        Assert.Equal("guest-device-missing", await TestGroup.CodeOf(group.Client.MountLayerAsync("nothing", machine.Busybox.RootHash.ToString(), GuestPaths.Layer(0))));
        Assert.Equal("verity-root-mismatch", await TestGroup.CodeOf(group.Client.MountLayerAsync(Path.GetFileName(machine.Extra.Path), machine.Busybox.RootHash.ToString(), GuestPaths.Layer(0))));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
    }

    [Fact]
    [Trait(Machine.Selection, "short")]
    public async Task Policy_IsTheOneOfTheLaunch_AndSetOnce()
    {
        byte[] policy = Policies.Text(Policies.Shell("true", machine.Busybox));
        await using TestGroup group = await TestGroup.LaunchAsync(machine, policy);

        Assert.Equal("guest-policy-missing", await TestGroup.CodeOf(group.Client.MountScratchAsync(GuestPaths.Scratch(0), 1 << 20)));
        Assert.Equal("guest-policy-digest", await TestGroup.CodeOf(group.Client.SetPolicyAsync((byte[])[.. policy, (byte)'\n'])));
        await group.Client.SetPolicyAsync(policy);
        Assert.Equal("guest-policy-set", await TestGroup.CodeOf(group.Client.SetPolicyAsync(policy)));
    }

    [Fact]
    [Trait(Machine.Selection, "short")]
    public async Task Mount_OfWhatIsNotShared_IsNotMade_EvenIfThePolicyPermitsIt()
    {
        var linked = new VolumeMount("linked", "/data", Writable: true);
        MountRule[] rules =
        [
            new("/data", MountSource.Parse("/run/group/runtime"), "bind", ["rbind", "ro"]),
            new("/data", MountSource.Parse("sandbox:///volumes/.+"), "bind", ["rbind", "ro"]),
            new("/data", MountSource.Parse("sandbox:///volumes/.+"), "bind", ["rbind", "rw", "dev"]),
            new("/data", MountSource.Parse("proc"), "proc", []),
            linked.Rule,
        ];
        ContainerPolicy container = Policies.Shell("ln -s / /data/way-out; cat", machine.Busybox) with { Mounts = [.. rules] };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(container));
        await group.StackAsync(TestGroup.Id(1), machine.Busybox);
        await group.Client.MountOverlayAsync(TestGroup.Id(2), [GuestPaths.Layer(0)], GuestPaths.Scratch(0));
        await group.RunAsync(TestGroup.Spec(TestGroup.Id(1), container.Command[2]) with { Mounts = [new("/data", GuestPaths.Shared + linked.SandboxPath, "bind", linked.Options)] });

        Task<StartedProcess> Create(string source, string type, params string[] options) =>
            group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(2), container.Command[2]) with { Mounts = [new("/data", source, type, [.. options])] });

        Assert.Equal("guest-request-invalid", await TestGroup.CodeOf(Create("/run/group/runtime", "bind", "rbind", "ro")));
        Assert.Equal("guest-request-invalid", await TestGroup.CodeOf(Create(GuestPaths.Shared + "/volumes/any", "bind", "rbind", "rw", "dev")));
        Assert.Equal("guest-request-invalid", await TestGroup.CodeOf(Create("proc", "proc")));
        Assert.Equal("guest-effect-failed", await TestGroup.CodeOf(Create(GuestPaths.Shared + "/volumes/linked/way-out", "bind", "rbind", "ro")));
        Assert.Equal("guest-effect-failed", await TestGroup.CodeOf(Create(GuestPaths.Shared + "/volumes/linked/way-out/etc", "bind", "rbind", "ro")));
        Assert.Equal("guest-effect-failed", await TestGroup.CodeOf(Create(GuestPaths.Shared + "/volumes/linked/../..", "bind", "rbind", "ro")));
    }

    [Fact]
    public async Task Processes_DoNotGetTheAgentsLines()
    {
        var process = new ExternalProcess(["/bin/sh", "-c", "ls -l /proc/self/fd"], [], "/", AllowStdioAccess: true);
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(new PolicyFlags(), [Policies.Shell("ls -l /proc/self/fd", machine.Busybox)], process));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);

        (_, string beside, _) = await group.FinishAsync(await group.Client.ExecExternalAsync(new ProcessSpec { Command = process.Command }));
        (_, string inside, _) = await group.RunAsync(TestGroup.Spec(TestGroup.Id(), "ls -l /proc/self/fd"));

        Assert.Contains("pipe:", beside, StringComparison.Ordinal);
        Assert.All([beside, inside], listing => Assert.DoesNotContain("socket:", listing, StringComparison.Ordinal));
        Assert.All([beside, inside], listing => Assert.DoesNotContain("vport", listing, StringComparison.Ordinal));
    }

    [Fact]
    public async Task LayerThatStaysMounted_BecauseSomethingHoldsIt_EndsTheGroupsUse()
    {
        var holder = new ExternalProcess(["/bin/sh", "-c", "cd /run/group/layers/0 && echo inside && cat"], [], "/", AllowStdioAccess: true);
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(new PolicyFlags(), [Policies.Shell("true", machine.Busybox)], holder));
        await group.Client.MountLayerAsync(Path.GetFileName(machine.Busybox.Path), machine.Busybox.RootHash.ToString(), GuestPaths.Layer(0));
        StartedProcess process = await group.Client.ExecExternalAsync(new ProcessSpec { Command = holder.Command });
        Assert.Equal("inside\n"u8.ToArray(), (await group.Client.ReadAsync(process.Process, 1)).ToArray());

        Assert.Equal("guest-unmount-failed", await TestGroup.CodeOf(group.Client.UnmountLayerAsync(GuestPaths.Layer(0))));

        Assert.Equal("guest-inconsistent", await TestGroup.CodeOf(group.Client.UnmountScratchAsync(GuestPaths.Scratch(0))));
        Assert.Equal(Outcome.Stuck, (await group.DecisionsAsync())[^1].Outcome);
    }

    [Fact]
    public async Task DroppedVariables_AreNotGiven_AndTheHostIsTold()
    {
        byte[] policy = Policies.Text(new PolicyFlags { AllowEnvironmentVariableDropping = true }, [Policies.Shell("echo $SPY", machine.Busybox)]);
        await using TestGroup group = await TestGroup.StartAsync(machine, policy);
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), "echo $SPY");

        StartedProcess process = await group.Client.CreateContainerAsync(spec with { Process = spec.Process with { Environment = ["PATH=/bin", "SPY=1"] } });
        (_, string output, _) = await group.FinishAsync(process);

        Assert.Equal(["PATH=/bin"], process.Environment);
        Assert.Equal("\n", output);
    }

    [Fact]
    public async Task LooksInside_AreGivenWhereThePolicyAllowsThem()
    {
        byte[] policy = Policies.Text(new PolicyFlags { AllowPropertiesAccess = true, AllowDumpStacks = true, AllowRuntimeLogging = true }, [Policies.Shell("echo ready; cat", machine.Busybox)]);
        await using TestGroup group = await TestGroup.StartAsync(machine, policy);
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        StartedProcess process = await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), "echo ready; cat"));
        Assert.Equal("ready\n"u8.ToArray(), (await group.Client.ReadAsync(process.Process, 1)).ToArray());

        var properties = (await group.Client.PropertiesAsync()).AsArray();
        Assert.True(properties.Single().ReadMap(map =>
        {
            Assert.All(["process", "container", "command", "user_ms", "system_ms"], key => map.Required(key));
            return map.Required("memory").AsInt64();
        }) > 0);
        Assert.Contains("process 1 /bin/sh", await group.Client.StacksAsync(), StringComparison.Ordinal);
        Assert.Empty(await group.Client.RuntimeLogAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KilledGroup_LeavesNoProcessMountOrLoopDevice(bool killsTheAgentItself)
    {
        // The agent is the parent of whatever runs beside the containers.
        var killer = new ExternalProcess(["/bin/sh", "-c", "kill -9 $PPID"], [], "/", AllowStdioAccess: false);
        TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(new PolicyFlags(), [Policies.Shell("sleep 1000", machine.Busybox)], killer));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), "sleep 1000"));
        int[] processes = [group.ProcessId, .. Descendants(group.ProcessId)];
        Assert.True(group.Machine is not null || processes.Length >= 4, $"only {processes.Length} processes");
        Task<string> waiting = TestGroup.CodeOf(group.Client.WaitAsync(1));

        if (killsTheAgentItself)
        {
            await TestGroup.CodeOf(StartAndWaitAsync(group, killer));
        }
        else
        {
            using Process victim = Process.GetProcessById(group.ProcessId);
            victim.Kill();
        }

        string expected = group.Machine is null ? "channel-closed" : killsTheAgentItself ? "uvm-agent-ended" : "uvm-killed";
        Assert.Equal(expected, await waiting);
        Assert.Equal(expected, await TestGroup.CodeOf(group.Client.WaitAsync(1)));
        await group.DisposeAsync();
        await WaitUntilGoneAsync(processes);
        Assert.DoesNotContain("/run/group", await File.ReadAllTextAsync("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetDirectories("/sys/block", "loop*"), loop =>
            File.Exists($"{loop}/loop/backing_file") && File.ReadAllText($"{loop}/loop/backing_file").StartsWith("/run/group/images", StringComparison.Ordinal) && !AnotherGroupRuns());
        Assert.False(Directory.Exists("/run/group"));
    }

    [Fact]
    public async Task Host_ThatHangsUp_EndsTheGroup()
    {
        TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell("sleep 1000", machine.Busybox)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), "sleep 1000"));
        int[] processes = [group.ProcessId, .. Descendants(group.ProcessId)];

        await group.HangUpAsync();

        await WaitUntilGoneAsync(processes);
        await group.DisposeAsync();
    }

    [Fact]
    public async Task Host_ThatSpeaksNonsense_IsHungUpOn()
    {
        await using TestGroup group = await TestGroup.LaunchAsync(machine, Policies.Text(Policies.Shell("true", machine.Busybox)));

        Assert.Equal("channel-operation-unknown", await TestGroup.CodeOf(group.AskAsync("open_door")));
        Assert.Equal("cbor-unknown-field", await TestGroup.CodeOf(group.AskAsync("decisions", ("from", 0L), ("and", 1L))));
        Assert.Equal("cbor-wrong-type", await TestGroup.CodeOf(group.AskAsync("mount_device", ("device", 1L), ("root_hash", ""), ("target", ""))));
    }

    [Fact]
    public async Task Group_CannotBeStarted_WithoutItsAgentsMeans_AndSaysWhy()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "This is for users that are not root.");

        var refusal = await Assert.ThrowsAsync<OrchestratorException>(() => new SandboxBackEnd(machine.Psp).LaunchAsync(default(Digest), GroupSize.Default, machine.Devices));

        Assert.Equal("group-needs-root", refusal.Code.Id);
    }

    [Fact]
    public async Task Agent_StartedByHandInTheMachinesProcesses_TakesNoMountsAway()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Groups need root.");

        // Mounts of its own it has here, so that the machine's stay whatever it does.
        string[] arguments = ["--mount", "--propagation", "private", "/bin/sh", "-c", "exec \"$0\" --channel 3 --psp 4 --devices / 3<>/dev/null 4<>/dev/null", Path.Combine(AppContext.BaseDirectory, "Orchestrator.Guest")];
        using Process agent = Process.Start(new ProcessStartInfo("unshare", arguments) { RedirectStandardError = true })!;
        string said = await agent.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await agent.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(7, agent.ExitCode);
        Assert.StartsWith("error: guest-not-isolated: The guest has no file system of its own: it shares the machine's namespaces", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plan9_mount")]
    [InlineData("plan9_unmount")]
    [InlineData("rw_mount_device")]
    [InlineData("mount_blockdev")]
    [InlineData("host_network")]
    public async Task PointsWithoutAnOperation_AreUnknown_WhateverThePolicySays(string operation)
    {
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell("cat", machine.Busybox)));

        Assert.Equal("channel-operation-unknown", await TestGroup.CodeOf(group.AskAsync(operation, ("target", "/run/mounts/shared"))));
    }

    private static async Task StartAndWaitAsync(TestGroup group, ExternalProcess process) =>
        await group.Client.WaitAsync((await group.Client.ExecExternalAsync(new ProcessSpec { Command = process.Command })).Process);

    // The kernel ends a namespace's processes one after the other; the last is gone when it has no entry any more.
    private static async Task WaitUntilGoneAsync(int[] processes)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (processes.Any(id => Directory.Exists($"/proc/{id}") && StateOf(id) != 'Z'))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }

    private static bool AnotherGroupRuns() => Process.GetProcesses().Any(process => process.ProcessName.StartsWith("Orchestrator.Gu", StringComparison.Ordinal));

    private static IEnumerable<int> Descendants(int id)
    {
        string children = string.Join(' ', Directory.GetDirectories($"/proc/{id}/task").Select(task => File.ReadAllText($"{task}/children")));
        return children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).SelectMany(child => Descendants(child).Append(child)).ToList();
    }

    private static string CommandOf(int id) => File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');

    private static char StateOf(int id)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 'Z';
        }
    }
}
