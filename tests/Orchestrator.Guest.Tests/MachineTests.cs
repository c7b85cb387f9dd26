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
    public async Task Scratch_ShowsTheHostNoPlaintext_AndFillingItIsTheContainersTrouble()
    {
        RequireMachines();
        const string Record = "patient-0417;planted;";
        const string Command = $"i=0; while [ $i -lt 2000 ]; do echo '{Record}'; i=$((i+1)); done > /outputs/records; /bin/busybox dd if=/dev/zero of=/outputs/much bs=1000000 count=100; cat /outputs/records | wc -c";
        await using TestGroup group = await TestGroup.StartAsync(machine, Policies.Text(Policies.Shell(Command, machine.Busybox) with { User = UserRule.Anybody }));
        await group.StackAsync(TestGroup.Id(), machine.Busybox);
        ContainerSpec spec = TestGroup.Spec(TestGroup.Id(), Command);

        (int exitCode, string output, string error) = await group.RunAsync(spec with { Process = spec.Process with { User = "0" } });
        byte[] disk = ScratchOf(group.Machine!.ProcessId);

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

    private static void RequireMachines() => Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Machine.ImageVariable)), $"{Machine.ImageVariable} names no image of the utility VM.");

    private static void Change(string path, long position, byte value)
    {
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = position;
        file.WriteByte(value);
    }

    // The file has no name; whoever runs the machine can read it all the same.
    private static byte[] ScratchOf(int machineProcess)
    {
        string descriptor = Directory.EnumerateFiles($"/proc/{machineProcess}/fd").First(path =>
            new FileInfo(path).LinkTarget is { } target && target.EndsWith("(deleted)", StringComparison.Ordinal) && target.StartsWith(Path.GetTempPath(), StringComparison.Ordinal));
        using FileStream file = File.Open(descriptor, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }
}
