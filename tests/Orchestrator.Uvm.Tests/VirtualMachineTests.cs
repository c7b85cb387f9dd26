using Orchestrator.Attestation;
using Orchestrator.Errors;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Uvm.Tests;

/// <summary>Machines that cannot be started: the failure has a name, and the host's files are what they were.</summary>
public sealed class VirtualMachineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-uvm-").FullName;

    [Fact]
    public async Task Start_OnADiskThatIsFull_SaysSo_AndTakesNothing()
    {
        using SmallDisk disk = SmallDisk.Mount();

        Assert.Equal("uvm-no-space", await CodeOf(new MachinePlan { Scratch = 64 << 20 }, disk.Path));

        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
        using FileStream file = File.Create(Path.Combine(disk.Path, "there-is-room"));
        file.Write(new byte[4 << 20]);
    }

    [Fact]
    public async Task Start_WithADiskThatIsGone_SaysWhatQemuSaid_AndLeavesNothing()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/qemu-system-x86_64"), "QEMU is not installed.");
        string scratch = Directory.CreateDirectory(Path.Combine(_folder, "disks")).FullName;

        Assert.Equal("uvm-not-started", await CodeOf(new MachinePlan { Scratch = 1 << 20, Disks = [new AttachedDisk("a", Path.Combine(_folder, "gone"))] }, scratch));

        Assert.Empty(Directory.GetFileSystemEntries(scratch));
    }

    [Fact]
    public async Task Start_WithoutQemu_SaysWhatToInstall_AndLeavesNothing()
    {
        string before = Environment.GetEnvironmentVariable("PATH")!;
        string scratch = Directory.CreateDirectory(Path.Combine(_folder, "disks")).FullName;
        try
        {
            Environment.SetEnvironmentVariable("PATH", scratch);

            Assert.Equal("uvm-qemu-missing", await CodeOf(new MachinePlan { Scratch = 1 << 20 }, scratch));
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", before);
        }

        Assert.Empty(Directory.GetFileSystemEntries(scratch));
        Assert.DoesNotContain(Directory.GetFiles("/proc/self/fd").Select(link => new FileInfo(link).LinkTarget), target => target?.StartsWith(scratch, StringComparison.Ordinal) == true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // QEMU connects its lines before it looks at its disks, or the other way round.
    private async Task<string> CodeOf(MachinePlan plan, string scratchFolder)
    {
        try
        {
            await using VirtualMachine machine = await VirtualMachine.StartAsync(Image(), plan, scratchFolder, TimeProvider.System, TestContext.Current.CancellationToken);
            return (await machine.Ended).Code.Id;
        }
        catch (OrchestratorException e)
        {
            return e.Code.Id;
        }
    }

    // Measured as it is, but no kernel.
    private UvmImage Image()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "image")).FullName;
        string list = "";
        foreach (string name in (string[])[UvmImage.KernelFile, UvmImage.InitialFilesFile, UvmImage.CommandLineFile])
        {
            File.WriteAllText(Path.Combine(folder, name), name);
            list += $"{Measurement.Of(System.Text.Encoding.ASCII.GetBytes(name))}  {name}\n";
        }

        File.WriteAllText(Path.Combine(folder, UvmImage.MeasurementFile), Measurement.Of(System.Text.Encoding.ASCII.GetBytes(list)).ToString());
        return UvmImage.Open(folder);
    }
}
