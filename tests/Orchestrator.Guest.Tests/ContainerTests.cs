using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;
using Orchestrator.Guest.Tests.Support;

namespace Orchestrator.Guest.Tests;

/// <summary>What unmodified programs see of a group, and what of them comes out.</summary>
public sealed class ContainerTests(Machine machine)
{
    [Fact]
    [Trait(Machine.Selection, "short")]
    public async Task Container_RunsAsItsUserWithItsVariablesAndStreams_AndItsExitCodeComesOut()
    {
        const string Command = "id; echo mode=$MODE; cat; echo trouble >&2; exit 7";
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell(Command, machine.Busybox)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), Command);

        (int exitCode, string output, string error) = await group.RunAsync(spec with { Process = spec.Process with { Environment = ["PATH=/bin", "MODE=fast"] } }, "from the host\n");

        Assert.Equal((7, "trouble\n"), (exitCode, error));
        Assert.Equal("uid=1000(worker) gid=1000(worker) groups=2000(data)\nmode=fast\nfrom the host\n", output);
    }

    [Fact]
    public async Task Container_WhosePolicyKeepsItsStreams_RunsAllTheSame_AndNothingComesOut()
    {
        const string Command = "echo secret; cat; echo more >&2; exit 3";
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell(Command, machine.Busybox) with { AllowStdioAccess = false }));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);

        StartedProcess process = await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), Command));

        Assert.False(process.AllowsStdio);
        Assert.Equal(3, await group.Client.WaitAsync(process.Process, TestContext.Current.CancellationToken));
        Assert.Equal("guest-stdio-closed", await TestGroup.CodeOf(group.Client.ReadAsync(process.Process, 1)));
        Assert.Equal("guest-stdio-closed", await TestGroup.CodeOf(group.Client.WriteAsync(process.Process, "x"u8.ToArray())));
    }

    [Fact]
    public async Task Layers_AreStacked_AndWhatIsWrittenStaysInTheContainer()
    {
        const string Command = "cat /extra/note.txt; head -n1 /etc/group; echo changed > /tmp/x 2>/dev/null; ls /";
        byte[] policy = Policies.Text(Policies.Shell(Command, machine.Busybox, machine.Extra) with { User = Root });
        await using TestGroup group = await TestGroup.StartAsync(machine, policy);
        await group.StackAsync(TestGroup.Id(), machine.Busybox, machine.Extra);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), Command);

        (int exitCode, string output, _) = await group.RunAsync(spec with { Process = spec.Process with { User = "" } });

        Assert.Equal(0, exitCode);
        Assert.Equal("from the top layer\nroot:x:0:\nbin\ndev\netc\nextra\noutputs\nproc\nsys\ntmp\n", output);
    }

    [Fact]
    public async Task Volumes_AreSharedByContainersThatMayHaveThem_AndReadOnlyWhereThePolicySaysSo()
    {
        var volume = new VolumeMount("outputs", "/outputs", Writable: true);
        ContainerPolicy writer = Policies.Shell("echo joined > /outputs/table", machine.Busybox) with { Mounts = [volume.Rule] };
        ContainerPolicy reader = Policies.Shell("cat /outputs/table; touch /outputs/other", machine.Busybox) with { Mounts = [(volume with { Writable = false }).Rule] };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(writer, reader));
        await group.StackAsync(TestGroup.Id(1), machine.Busybox);
        await group.StackAsync(TestGroup.Id(2), machine.Busybox);
        string source = Orchestrator.Shim.Groups.GuestPaths.Shared + volume.SandboxPath;

        (int written, _, string trouble) = await group.RunAsync(TestGroup.Spec(TestGroup.Id(1), writer.Command[2]) with { Mounts = [new("/outputs", source, "bind", volume.Options)] });
        (int read, string output, _) = await group.RunAsync(TestGroup.Spec(TestGroup.Id(2), reader.Command[2]) with { Mounts = [new("/outputs", source, "bind", (volume with { Writable = false }).Options)] });

        Assert.Equal((0, ""), (written, trouble));
        Assert.Equal((1, "joined\n"), (read, output));
    }

    [Fact]
    public async Task Container_OfWhichNobodyNamesCapabilities_HasTheUsualOnes_AsHaveItsProcesses()
    {
        const string Command = "grep CapBnd /proc/self/status; cat";
        ContainerPolicy policy = Unnamed(Command) with { ExecProcesses = [new ExecProcess(["/bin/sh", "-c", "grep CapBnd /proc/self/status"], [])] };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(policy));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec spec = Unnamed(TestGroup.Spec(TestGroup.Id(), Command));

        StartedProcess first = await group.Client.CreateContainerAsync(spec);
        StartedProcess second = await group.Client.ExecAsync(TestGroup.Id(), spec.Process with { Command = policy.ExecProcesses[0].Command });

        Assert.Equal("CapBnd:\t00000000a80425fb\n", (await group.FinishAsync(second)).Output);
        Assert.Equal("CapBnd:\t00000000a80425fb\n", (await group.FinishAsync(first)).Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Container_OfRoot_OpensNoDeviceOfTheMachine_WhateverItMayDo(bool privileged)
    {
        string[] disk = File.ReadLines("/proc/partitions").Skip(2).First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string command = $$"""
            try() { busybox mknod "$1" "$2" "$3" "$4" 2>/dev/null; (: < "$1") 2>/dev/null && echo "opened $1"; }
            all() { try "$1/disk" b {{disk[0]}} {{disk[1]}}; try "$1/loop" b 7 0; try "$1/loops" c 10 237; try "$1/memory" c 1 1; try "$1/log" c 1 11; }
            all /dev; all /tmp; all /dev/shm
            busybox mount -t tmpfs -o dev none /outputs && all /outputs
            busybox mount -t devtmpfs none /outputs
            (echo x > /sys/kernel/uevent_helper) 2>/dev/null && echo wrote
            echo x > /dev/null && echo done
            """;
        ContainerPolicy policy = Unnamed(command) with { AllowElevated = privileged };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(policy));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);

        (_, string output, string error) = await group.RunAsync(Unnamed(TestGroup.Spec(TestGroup.Id(), command)) with { Privileged = privileged });

        Assert.True(output == "done\n", output + error);
    }

    [Fact]
    public async Task Container_AndItsProcesses_AreTheFirstToGoWhenMemoryRunsOut()
    {
        // A process is given its score when it runs: it looks when its input ends.
        const string Look = "cat; cat /proc/self/oom_score_adj";
        ContainerPolicy policy = Policies.Shell(Look, machine.Busybox) with { ExecProcesses = [new ExecProcess(["/bin/sh", "-c", Look], [])] };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(policy));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);

        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), policy.Command[2]);
        StartedProcess first = await group.Client.CreateContainerAsync(spec);
        StartedProcess second = await group.Client.ExecAsync(TestGroup.Id(), spec.Process with { Command = policy.ExecProcesses[0].Command });

        Assert.Equal("1000\n", (await group.FinishAsync(second)).Output);
        Assert.Equal("1000\n", (await group.FinishAsync(first)).Output);
    }

    // Whether the runtime can grant them all is the machine's: not each has them itself.
    [Fact]
    public async Task Container_ThatMayBePrivileged_IsAdmittedAsSuchWithoutNamingCapabilities()
    {
        const string Command = "true";
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Unnamed(Command) with { AllowElevated = true }));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);

        Exception? failure = await Record.ExceptionAsync(() => group.Client.CreateContainerAsync(Unnamed(TestGroup.Spec(TestGroup.Id(), Command)) with { Privileged = true }));

        Assert.True(failure is null or OrchestratorException { Code.Id: "guest-effect-failed" }, failure?.Message);
    }

    [Fact]
    public async Task Exec_StartsWhatThePolicyNames_AndSignalsReachIt()
    {
        ContainerPolicy server = Policies.Shell("cat", machine.Busybox) with
        {
            ExecProcesses = [new ExecProcess(["/bin/echo", "hello"], []), new ExecProcess(["/bin/sleep", "1000"], [15])],
            Signals = [9],
        };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(server));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        StartedProcess init = await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), "cat"));
        ProcessSpec shell = TestGroup.Spec(TestGroup.Id(), "").Process;

        (int exitCode, string output, _) = await group.FinishAsync(await group.Client.ExecAsync(TestGroup.Id(), shell with { Command = ["/bin/echo", "hello"] }));
        StartedProcess sleep = await group.Client.ExecAsync(TestGroup.Id(), shell with { Command = ["/bin/sleep", "1000"] });
        await group.Client.SignalAsync(TestGroup.Id(), sleep.Process, 15);
        int slept = await group.Client.WaitAsync(sleep.Process, TestContext.Current.CancellationToken);
        await group.Client.SignalAsync(TestGroup.Id(), init.Process, 9);

        Assert.Equal((0, "hello\n"), (exitCode, output));
        Assert.Equal(128 + 15, slept);
        Assert.Equal(128 + 9, await group.Client.WaitAsync(init.Process, TestContext.Current.CancellationToken));
        Assert.Equal("guest-process-unknown", await TestGroup.CodeOf(group.Client.SignalAsync(TestGroup.Id(), init.Process, 9)));
    }

    [Fact]
    public async Task Variable_WithAZeroByte_IsRefused_BecauseTheProgramWouldSeeAnotherOneThanTheRule()
    {
        ContainerPolicy container = Policies.Shell("echo $NOTE", machine.Busybox);
        container = container with { Environment = container.Environment.Add(new EnvironmentRule.Whole(TextRule.Matching("(?s)NOTE=.*signed"), Required: false)) };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(container));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), "echo $NOTE");

        Assert.Equal("cbor-out-of-range", await TestGroup.CodeOf(group.Client.CreateContainerAsync(spec with { Process = spec.Process with { Environment = ["PATH=/bin", "NOTE=evil\0signed"] } })));
        Assert.Equal("evil signed\n", (await group.RunAsync(spec with { Process = spec.Process with { Environment = ["PATH=/bin", "NOTE=evil signed"] } })).Output);
    }

    [Fact]
    public async Task ShortProcesses_ManyAtOnce_EachTellItsEnd()
    {
        ContainerPolicy server = Policies.Shell("cat", machine.Busybox) with { ExecProcesses = [new ExecProcess(["/bin/false"], [])] };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(server, Policies.Shell("exit 5", machine.Busybox)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), "cat"));
        ProcessSpec process = TestGroup.Spec(TestGroup.Id(), "").Process with { Command = ["/bin/false"] };

        int[] codes = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => (await group.FinishAsync(await group.Client.ExecAsync(TestGroup.Id(), process))).ExitCode));

        Assert.All(codes, code => Assert.Equal(1, code));
        for (int i = 2; i < 12; i++)
        {
            await group.Client.MountOverlayAsync(TestGroup.Id(i), ["/run/group/layers/0"], "/run/group/scratch/0");
            Assert.Equal(5, (await group.RunAsync(TestGroup.Spec(TestGroup.Id(i), "exit 5"))).ExitCode);
        }
    }

    [Fact]
    public async Task Signal_GoesToAProcessOfTheContainerThatThePolicyWasAskedAbout()
    {
        ContainerPolicy mortal = Policies.Shell("cat", machine.Busybox) with { Signals = [9] };
        ContainerPolicy other = Policies.Shell("cat; cat", machine.Busybox);
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(mortal, other));
        await group.StackAsync(TestGroup.Id(1), machine.Busybox);
        await group.Client.MountOverlayAsync(TestGroup.Id(2), ["/run/group/layers/0"], "/run/group/scratch/0");
        await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(1), "cat"));
        StartedProcess target = await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(2), "cat; cat"));

        Assert.Equal("guest-process-unknown", await TestGroup.CodeOf(group.Client.SignalAsync(TestGroup.Id(1), target.Process, 9)));
        Assert.Equal("guest-denied", await TestGroup.CodeOf(group.Client.SignalAsync(TestGroup.Id(2), target.Process, 9)));
    }

    [Fact]
    public async Task Shutdown_KillsWhatRuns_AndEverythingCanThenBeUnmounted()
    {
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell("cat", machine.Busybox)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        StartedProcess process = await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), "cat"));

        Assert.Equal("guest-busy", await TestGroup.CodeOf(group.Client.UnmountOverlayAsync(TestGroup.Id())));
        Assert.Equal("guest-busy", await TestGroup.CodeOf(group.Client.UnmountLayerAsync("/run/group/layers/0")));
        await group.Client.ShutdownAsync(TestGroup.Id());
        await group.Client.ShutdownAsync(TestGroup.Id());
        await group.Client.UnmountOverlayAsync(TestGroup.Id());
        await group.Client.UnmountLayerAsync("/run/group/layers/0");
        await group.Client.UnmountScratchAsync("/run/group/scratch/0");

        Assert.Equal(128 + 9, await group.Client.WaitAsync(process.Process, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task External_RunsBesideTheContainers_WithoutTheHostsFilesToWriteTo()
    {
        string path = Path.Combine(machine.Devices, "written-by-guest");
        var process = new ExternalProcess(["/bin/sh", "-c", $"echo $A; echo x > {path} || echo refused"], [new EnvironmentRule.Whole(TextRule.Exactly("A=b"), Required: true)], "/", AllowStdioAccess: true);
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(new PolicyFlags(), [Policies.Shell("cat", machine.Busybox)], process));

        (_, string output, _) = await group.FinishAsync(await group.Client.ExecExternalAsync(new ProcessSpec { Command = process.Command, Environment = ["A=b"] }));

        Assert.Equal("b\nrefused\n", output);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Python_RunsUnmodified()
    {
        const string Program = "import sys, hashlib; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())";
        LayerImage python = TestImages.Python(machine.Devices);
        ContainerPolicy container = Policies.Shell("", python) with { Command = ["/usr/bin/python3", "-c", Program], User = UserRule.Anybody };
        container = container with { Command = ["/usr/bin/" + PythonName(), "-c", Program] };
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(container));
        await group.StackAsync(TestGroup.Id(), python);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), "");

        (int exitCode, string output, string error) = await group.RunAsync(spec with { Process = spec.Process with { Command = container.Command, User = "12345" } }, "abc");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n", output);
    }

    private static UserRule Root => new(new IdentityRule(IdentityStrategy.Id, TextRule.Exactly("0")), [new IdentityRule(IdentityStrategy.Id, TextRule.Exactly("0"))], "0022");

    private static string PythonName() => Path.GetFileName(File.ResolveLinkTarget("/usr/bin/python3", returnFinalTarget: true)!.FullName);

    private static ContainerSpec Unnamed(ContainerSpec spec) => spec with { Process = spec.Process with { User = "", Capabilities = null, NoNewPrivileges = false } };

    private ContainerPolicy Unnamed(string command) => Policies.Shell(command, machine.Busybox) with { Capabilities = null, User = Root, NoNewPrivileges = false };
}
