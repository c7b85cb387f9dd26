using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Orchestrator.Uvm;

/// <summary>How a machine's processors are made.</summary>
public enum Accelerator
{
    /// <summary>In software: slow, and possible everywhere.</summary>
    Emulation,

    /// <summary>By the processor's own virtualisation, through KVM.</summary>
    Kvm,
}

/// <summary>Finds out whether KVM works, by starting a kernel with it: that its device is there says little.</summary>
internal static class AcceleratorProbe
{
    private const string Device = "/dev/kvm";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    /// <summary>What to use for an image.</summary>
    public static async Task<Accelerator> FindAsync(UvmImage image, CancellationToken cancel)
    {
        if (RuntimeInformation.OSArchitecture != Architecture.X64 || !File.Exists(Device) || !HasVirtualization())
        {
            return Accelerator.Emulation;
        }

        using Process probe = Process.Start(QemuCommand.Probe(image))!;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        try
        {
            // Without an initial file system the kernel gives up at once, and the machine ends.
            string said = await probe.StandardOutput.ReadToEndAsync(patience.Token).ConfigureAwait(false);
            await probe.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            return probe.ExitCode == 0 && said.Contains(GuestConsole.Panic, StringComparison.Ordinal) ? Accelerator.Kvm : Accelerator.Emulation;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Accelerator.Emulation;
        }
        finally
        {
            probe.Kill();
        }
    }

    // A guest of a machine that passes nothing on has the device too, and every start with it hangs.
    private static bool HasVirtualization()
    {
        string? flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal));
        return flags is not null && flags.Split(' ').Any(flag => flag is "svm" or "vmx");
    }
}
