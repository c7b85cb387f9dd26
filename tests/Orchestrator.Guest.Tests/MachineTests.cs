using System.Diagnostics;
using System.Text;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;
using Orchestrator.Guest.Tests.Support;
using Orchestrator.Uvm;

namespace Orchestrator.Guest.Tests;

/// <summary>What only a machine of its own gives a group, and how one ends. Skipped unless ORCHESTRATOR_UVM names an image.</summary>
public sealed class MachineTests(Machine machine)
{
    private const int BlobSize = 4 << 20;

    [Fact]
    [Trait(Machine.Selection, "short")]
    public async Task Layer_ChangedWhileTheContainerRuns_IsAnErrorInsideAndNotData()
    {
        RequireMachines();
        const string Command = "cat /first | wc -c; cat; cat /second | wc -c; cat /second > /dev/null || exit 5";
        string text = new('x', BlobSize);
        LayerImage layer = TestImages.Files(machine.Devices, ("first", text), ("between", text), ("second", text.Replace('x', 'y')));
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell(Command, machine.Busybox, layer)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox, layer);
        StartedProcess process = await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), Command));
        string first = await group.ReadOnceAsync(process);
        byte[] whole = await File.ReadAllBytesAsync(layer.Path, TestContext.Current.CancellationToken);
        int changed = whole.AsSpan().IndexOf("yyyy"u8) + (BlobSize / 2);
        try
        {
            Change(layer.Path, changed, (byte)'z');
            (int exitCode, string output, string error) = await group.FinishAsync(process);

            Assert.Equal($"{BlobSize}\n", first);
            Assert.Equal(5, exitCode);
            Assert.Contains("error", error, StringComparison.OrdinalIgnoreCase);
            Assert.True(int.Parse(output.Trim(), System.Globalization.CultureInfo.InvariantCulture) <= BlobSize / 2, output);
        }
        finally
        {
            File.Delete(layer.Path);
        }
    }

    [Fact]
    [Trait(Machine.Selection, "short")]
    public async Task Scratch_ShowsTheHostNoPlaintext_AndFillingItIsTheContainersTrouble()
    {
        RequireMachines();
        const string Record = "patient-0417;planted;";
        const string Command = $"i=0; while [ $i -lt 2000 ]; do echo '{Record}'; i=$((i+1)); done > /outputs/records; /bin/busybox dd if=/dev/zero of=/outputs/much bs=1000000 count=100; cat /outputs/records | wc -c";
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell(Command, machine.Busybox) with { User = UserRule.Anybody }));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), Command);

        (int exitCode, string output, string error) = await group.RunAsync(spec with { Process = spec.Process with { User = "0" } });
        byte[] disk = ScratchDisk.Read(group.Machine!.ProcessId);

        Assert.Equal((0, $"{2000 * (Record.Length + 1)}\n"), (exitCode, output));
        Assert.Contains("No space left on device", error, StringComparison.Ordinal);
        Assert.Equal(-1, disk.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Record)));
        Assert.True(disk.Chunk(4096).Count(block => block.Any(b => b != 0)) > 10_000, "hardly anything has reached the disk");
    }

    [Fact]
    public async Task Memory_Exhausted_EndsTheGreedyProcessAlone()
    {
        RequireMachines();
        const string Command = "exec /bin/busybox awk 'BEGIN { s = sprintf(\"%1000000s\", \"x\"); while (1) a[i++] = s i }'";
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell(Command, machine.Busybox)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);

        (int exitCode, _, _) = await group.RunAsync(TestGroup.Spec(TestGroup.Id(), Command));

        Assert.Equal(128 + 9, exitCode);
        await group.Client.EvidenceAsync([]);
    }

    [Fact]
    public async Task Memory_ExhaustedByManySmallProcesses_IsNotTheAgentsEnd_AndIsSaid()
    {
        RequireMachines();
        const string Command = "i=0; while [ $i -lt 80 ]; do /bin/busybox awk 'BEGIN { s = sprintf(\"%20000000s\", \"x\"); getline }' & i=$((i+1)); done; cat";
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell(Command, machine.Busybox)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);

        await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), Command));
        await UntilAsync(() => group.Machine!.KilledForMemory is not null || group.Machine.Ended.IsCompleted);

        Assert.Matches(@"^[0-9]+ \((busybox|awk|sh|cat)\)$", group.Machine!.KilledForMemory);
        await group.Client.EvidenceAsync([]);
    }

    // A file in memory is nobody's whom the kernel could kill for it; the agent is the largest of those that are left.
    [Fact]
    public async Task Memory_TakenByWhatNoProcessHolds_EndsTheGroup_AndTheReasonIsSaid()
    {
        RequireMachines();
        var hoard = new ExternalProcess(["/bin/sh", "-c", "/usr/bin/busybox mount -t tmpfs -o size=4g none /tmp && exec /usr/bin/busybox dd if=/dev/zero of=/tmp/all bs=1000000"], [], "/", AllowStdioAccess: false);
        byte[] policy = Policies.Text(new PolicyFlags(), [Policies.Shell("cat", machine.Busybox)], hoard);
        await using TestGroup group = await TestGroup.LaunchAsync(machine, policy);
        await group.Client.SetPolicyAsync(policy);

        string code = await TestGroup.CodeOf(WaitAsync());
        OrchestratorException end = await group.Machine!.Ended;

        Assert.Equal((UvmErrors.OutOfMemory.Id, UvmErrors.OutOfMemory), (code, end.Code));
        Assert.Matches(@"killed for it: [0-9]+ \(.+\)\.$", end.Message);

        async Task WaitAsync() => await group.Client.WaitAsync((await group.Client.ExecExternalAsync(new ProcessSpec { Command = hoard.Command })).Process);
    }

    [Fact]
    [Trait(Machine.Selection, "short")]
    public async Task Kernel_ThatPanics_EndsTheGroup_AndTheNextOneStarts()
    {
        RequireMachines();
        var crash = new ExternalProcess(["/usr/bin/busybox", "sh", "-c", "echo c > /proc/sysrq-trigger"], [], "/", AllowStdioAccess: false);
        byte[] policy = Policies.Text(new PolicyFlags(), [Policies.Shell("cat", machine.Busybox)], crash);
        await using (TestGroup group = await TestGroup.LaunchAsync(machine, policy))
        {
            await group.Client.SetPolicyAsync(policy);

            await Assert.ThrowsAsync<OrchestratorException>(async () => await group.Client.WaitAsync((await group.Client.ExecExternalAsync(new ProcessSpec { Command = crash.Command })).Process));
            OrchestratorException end = await group.Machine!.Ended;

            Assert.Equal(UvmErrors.Panicked, end.Code);
            Assert.Contains("sysrq triggered crash", end.Message, StringComparison.Ordinal);
        }

        await using TestGroup next = await TestGroup.LaunchAsync(machine, policy);
        await next.Client.SetPolicyAsync(policy);
    }

    [Fact]
    public async Task Machine_ThatIsKilled_LeavesNothingOnTheHost()
    {
        RequireMachines();
        byte[] policy = Policies.Text(Policies.Shell("cat", machine.Busybox));
        await using TestGroup group = await TestGroup.LaunchAsync(machine, policy);
        string[] before = Directory.GetFileSystemEntries(machine.Devices);
        Task<OrchestratorException> asking = Assert.ThrowsAsync<OrchestratorException>(() => group.Client.WaitAsync(1));

        Process.GetProcessById(group.Machine!.ProcessId).Kill();
        OrchestratorException end = await group.Machine.Ended;

        Assert.Equal(UvmErrors.Killed, end.Code);
        Assert.Equal(UvmErrors.Killed, (await asking).Code);
        Assert.Equal(before, Directory.GetFileSystemEntries(machine.Devices));
        Assert.Contains(group.Machine.Stages, stage => stage.Name == "ready");
    }

    [Fact]
    public async Task Layer_CutShortWhileTheContainerRuns_IsAnErrorInside()
    {
        RequireMachines();
        const string Command = "cat /first | wc -c; cat; cat /second > /dev/null || exit 5";
        string text = new('x', BlobSize);
        LayerImage layer = TestImages.Files(machine.Devices, ("first", text), ("padding", text), ("second", text.Replace('x', 'z')));
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell(Command, machine.Busybox, layer)));
        await group.StackAsync(TestGroup.Id(), machine.Busybox, layer);
        StartedProcess process = await group.Client.CreateContainerAsync(TestGroup.Spec(TestGroup.Id(), Command));
        await group.ReadOnceAsync(process);
        try
        {
            using (FileStream file = File.Open(layer.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                file.SetLength(BlobSize + (BlobSize / 2));
            }

            Assert.Equal(5, (await group.FinishAsync(process)).ExitCode);
        }
        finally
        {
            File.Delete(layer.Path);
        }
    }

    [Fact]
    public async Task Scratch_ThatTheHostWritesOver_IsAnErrorInside()
    {
        RequireMachines();
        const string Command = "/bin/busybox dd if=/dev/zero of=/outputs/much bs=1000000 count=20 conv=fsync; echo written; cat; cat /outputs/much > /dev/null || exit 5";
        var forget = new ExternalProcess(["/bin/sh", "-c", "echo 3 > /proc/sys/vm/drop_caches"], [], "/", AllowStdioAccess: false);
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(new PolicyFlags(), [Policies.Shell(Command, machine.Busybox) with { User = UserRule.Anybody }], forget));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), Command);
        StartedProcess process = await group.Client.CreateContainerAsync(spec with { Process = spec.Process with { User = "0" } });
        await group.ReadOnceAsync(process);

        ScratchDisk.WriteOver(group.Machine!.ProcessId);
        Assert.Equal(0, await group.Client.WaitAsync((await group.Client.ExecExternalAsync(new ProcessSpec { Command = forget.Command })).Process));

        Assert.Equal(5, (await group.FinishAsync(process)).ExitCode);
    }

    // What docs/spec/uvm.md says of an older version: each sector's tag is about that sector and the key, not about time.
    [Fact]
    public async Task Scratch_SetBackByTheHost_IsAnErrorWithoutItsTags_AndTheOlderVersionWithThem()
    {
        RequireMachines();
        const string Command = "say() { yes $1 | head -c 65536 | dd of=/outputs/small bs=4096 conv=notrunc,fsync 2> /dev/null; echo $1; read cue; }; " +
            "look() { cat /outputs/large > /dev/null; echo ready; read cue; head -n 1 /outputs/small || echo refused; read cue; }; " +
            "say older; dd if=/dev/zero of=/outputs/large bs=1000000 count=45 2> /dev/null; look; say newer; look; look";
        // The kernel keeps the tags that it met last: until those of the large file have taken their place, it compares with the newer ones.
        var forget = new ExternalProcess(["/bin/sh", "-c", "/usr/bin/busybox sync; echo 3 > /proc/sys/vm/drop_caches"], [], "/", AllowStdioAccess: false);
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(new PolicyFlags(), [Policies.Shell(Command, machine.Busybox) with { User = UserRule.Anybody }], forget));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), Command);
        StartedProcess process = await group.Client.CreateContainerAsync(spec with { Process = spec.Process with { User = "0" } });

        Assert.Equal("older\n", await group.ReadOnceAsync(process));
        Assert.Equal("older\n", await LookAsync());
        byte[] older = await SeenByTheHostAsync();
        Assert.Equal("newer\n", await AfterACueAsync());
        byte[] newer = await SeenByTheHostAsync();

        // Sectors of the small file are other bytes throughout; a block of tags, or of the file system's, is so in places.
        int sectors = ScratchDisk.SetBack(group.Machine!.ProcessId, older, newer, changed => changed > 3500);
        string withoutTags = await LookAsync();
        ScratchDisk.SetBack(group.Machine!.ProcessId, older, newer, changed => changed > 0);
        string withTags = await LookAsync();

        Assert.Equal((16, "refused\n", "older\n"), (sectors, withoutTags, withTags));

        async Task<string> LookAsync()
        {
            Assert.Equal("ready\n", await AfterACueAsync());
            await ForgetAsync();
            return await AfterACueAsync();
        }

        async Task ForgetAsync() => Assert.Equal(0, await group.Client.WaitAsync((await group.Client.ExecExternalAsync(new ProcessSpec { Command = forget.Command })).Process));
        async Task<byte[]> SeenByTheHostAsync()
        {
            await ForgetAsync();
            return ScratchDisk.Read(group.Machine!.ProcessId);
        }

        async Task<string> AfterACueAsync()
        {
            await group.Client.WriteAsync(process.Process, "\n"u8.ToArray());
            return await group.ReadOnceAsync(process);
        }
    }

    [Fact]
    public async Task Console_ThatIsFlooded_TakesLittleOfTheHost_AndTheGroupLivesOn()
    {
        RequireMachines();
        var flood = new ExternalProcess(["/bin/sh", "-c", "/usr/bin/busybox head -c 300000 /dev/zero | /usr/bin/busybox tr '\\0' x > /dev/console; i=0; while [ $i -lt 1000 ]; do echo \"uvm: stage$i 1\"; i=$((i+1)); done > /dev/console"], [], "/", AllowStdioAccess: false);
        await using TestGroup group = await TestGroup.LaunchAsync(machine, Policies.Text(new PolicyFlags(), [Policies.Shell("cat", machine.Busybox)], flood));
        await group.Client.SetPolicyAsync(Policies.Text(new PolicyFlags(), [Policies.Shell("cat", machine.Busybox)], flood));

        Assert.Equal(0, await group.Client.WaitAsync((await group.Client.ExecExternalAsync(new ProcessSpec { Command = flood.Command })).Process));
        await UntilAsync(() => group.Machine!.Console.Any(line => line.EndsWith("uvm: stage999 1", StringComparison.Ordinal)));

        Assert.Equal(200, group.Machine!.Console.Length);
        Assert.All(group.Machine.Console, line => Assert.True(line.Length <= 400));
        Assert.InRange(group.Machine.Stages.Length, 4, 16);
        await group.Client.EvidenceAsync([]);
    }

    [Fact]
    [Trait(Machine.Selection, "short")]
    public async Task Devices_AreLayersScratchAndTwoLines_AndNothingElse()
    {
        RequireMachines();
        await using TestGroup group = await TestGroup.LaunchAsync(machine, Look.Policy(machine));

        string[] seen = await Look.AtAsync(group, machine);

        int layers = Directory.GetFiles(machine.Devices, "*.layer").Length;
        string[] disks = [.. seen.Where(line => line.StartsWith("disk ", StringComparison.Ordinal))];
        Assert.Equal(layers + 1, disks.Length);
        Assert.Single(disks, "disk scratch 0");
        Assert.Equal(layers, disks.Count(disk => disk.EndsWith(" 1", StringComparison.Ordinal)));
        Assert.Equal(["port agent", "port psp"], seen.Where(line => line.StartsWith("port ", StringComparison.Ordinal)).Order());
        Assert.Equal(["net lo"], seen.Where(line => line.StartsWith("net ", StringComparison.Ordinal)));
        // Bridges of the board; the lines; the disks.
        Assert.Equal(
            ["0x060000", "0x060100", "0x078000", .. Enumerable.Repeat("0x010000", layers + 1)],
            seen.Where(line => line.StartsWith("pci ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]).OrderByDescending(kind => kind[2..] != "010000").ThenBy(kind => kind, StringComparer.Ordinal));
        Assert.DoesNotContain(seen, line => line.Contains("9p", StringComparison.Ordinal) || line.Contains("virtiofs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Devices_ThatAHostileHostAdds_HaveNoDriver()
    {
        RequireMachines();
        string before = Environment.GetEnvironmentVariable("PATH")!;
        string folder = Directory.CreateTempSubdirectory("orchestrator-qemu-").FullName;
        string qemu = Path.Combine(folder, "qemu-system-x86_64");
        await File.WriteAllTextAsync(qemu, $"#!/bin/sh\nexec /usr/bin/qemu-system-x86_64 \"$@\" -netdev user,id=n -device virtio-net-pci,netdev=n -netdev user,id=m -device e1000,netdev=m -fsdev local,id=f,path={folder},security_model=none -device virtio-9p-pci,fsdev=f,mount_tag=host -device virtio-balloon-pci -device virtio-rng-pci\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(qemu, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            Environment.SetEnvironmentVariable("PATH", $"{folder}:{before}");
            await using TestGroup group = await TestGroup.LaunchAsync(machine, Look.Policy(machine));

            string[] seen = await Look.AtAsync(group, machine);

            Assert.Equal(["net lo"], seen.Where(line => line.StartsWith("net ", StringComparison.Ordinal)));
            Assert.Contains(seen, line => line.StartsWith("pci 0x020000", StringComparison.Ordinal));
            Assert.Equal(["virtio_blk", "virtio_console"], seen.Where(line => line.StartsWith("driven ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]).Distinct().Order());
            Assert.DoesNotContain(seen, line => line.Contains("9p", StringComparison.Ordinal) || line.Contains("virtiofs", StringComparison.Ordinal));
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", before);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void RequireMachines() => Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Machine.ImageVariable)), $"{Machine.ImageVariable} names no image of the utility VM.");

    private static void Change(string path, long position, byte value)
    {
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = position;
        file.WriteByte(value);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), patience.Token);
        }
    }

    // What the guest's kernel sees, by a program that the policy admits beside the containers.
    private static class Look
    {
        private const string Script =
            "for d in /sys/block/vd*; do read n <$d/serial; read r <$d/ro; echo disk $n $r; done; " +
            "for p in /sys/class/virtio-ports/*; do read n <$p/name; echo port $n; done; " +
            "for n in /sys/class/net/*; do echo net ${n##*/}; done; " +
            "for p in /sys/bus/pci/devices/*; do read c <$p/class; echo pci $c; done; " +
            "for v in /sys/bus/virtio/devices/*; do [ -e $v/driver ] && l=$(/usr/bin/busybox readlink $v/driver) && echo driven ${l##*/}; done; " +
            "/usr/bin/busybox cat /proc/filesystems";

        private static readonly ExternalProcess s_process = new(["/bin/sh", "-c", Script], [], "/", AllowStdioAccess: true);

        public static byte[] Policy(Machine machine) => Policies.Text(new PolicyFlags(), [Policies.Shell("cat", machine.Busybox)], s_process);

        public static async Task<string[]> AtAsync(TestGroup group, Machine machine)
        {
            await group.Client.SetPolicyAsync(Policy(machine));
            (_, string seen, _) = await group.FinishAsync(await group.Client.ExecExternalAsync(new ProcessSpec { Command = s_process.Command }));
            return seen.Split('\n');
        }
    }
}
