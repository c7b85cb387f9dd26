using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Orchestrator.Uvm;

/// <summary>Command lines of QEMU.</summary>
internal static class QemuCommand
{
    /// <summary>The program.</summary>
    public const string Program = "qemu-system-x86_64";

    private const int FirstSlot = 3;
    private const int SlotFunctions = 8;

    // What .NET's and the kernel's own code is compiled for. AVX under emulation costs more than it brings.
    private const string EmulatedCpu = "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+movbe,+aes,+pclmulqdq,+rdrand";

    /// <summary>A machine.</summary>
    /// <param name="image">What it starts from.</param>
    /// <param name="plan">What it gets.</param>
    /// <param name="accelerator">How its processors are made.</param>
    /// <param name="scratch">The scratch disk's path, or null.</param>
    /// <param name="lines">Sockets that listen: the machine connects each serial port to one. By port's name.</param>
    public static ProcessStartInfo Machine(UvmImage image, MachinePlan plan, Accelerator accelerator, string? scratch, ImmutableSortedDictionary<string, string> lines)
    {
        List<string> arguments =
        [
            .. Common(image, accelerator),
            "-smp", plan.Cores.ToString(CultureInfo.InvariantCulture),
            "-m", plan.Memory.ToString(CultureInfo.InvariantCulture),
            "-initrd", image.InitialFiles,
            "-append", image.CommandLine,
            "-device", "virtio-serial-pci,addr=2.0",
        ];
        foreach ((string name, string socket) in lines)
        {
            arguments.AddRange(["-chardev", $"socket,id={name},path={Escape(socket)},server=off", "-device", $"virtserialport,chardev={name},name={name}"]);
        }

        int disks = 0;
        foreach (AttachedDisk disk in plan.Disks)
        {
            arguments.AddRange(Disk(disks++, disk.Name, disk.Path, readOnly: true));
        }

        if (scratch is not null)
        {
            arguments.AddRange(Disk(disks, MachinePlan.ScratchName, scratch, readOnly: false));
        }

        return Start(arguments);
    }

    /// <summary>A machine that ends at once if KVM works.</summary>
    public static ProcessStartInfo Probe(UvmImage image) => Start([.. Common(image, Accelerator.Kvm), "-m", "256", "-append", "console=ttyS0 quiet panic=-1"]);

    private static IEnumerable<string> Common(UvmImage image, Accelerator accelerator) =>
    [
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none",
        "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        // A core file of QEMU's would hold the guest's memory, and equal pages of two guests are not to be told from their timing.
        "-machine", "q35,graphics=off,vmport=off,usb=off,i8042=off,sata=off,smbus=off,dump-guest-core=off,mem-merge=off",
        "-accel", accelerator == Accelerator.Kvm ? "kvm" : "tcg,thread=multi",
        "-cpu", accelerator == Accelerator.Kvm ? "host" : EmulatedCpu,
        "-serial", "stdio",
        "-kernel", image.Kernel,
    ];

    // A full disk below the scratch is the guest's error to see; QEMU would stop the machine and wait for somebody.
    private static IEnumerable<string> Disk(int index, string name, string path, bool readOnly)
    {
        var node = new JsonObject
        {
            ["driver"] = "raw",
            ["node-name"] = $"disk{index}",
            ["read-only"] = readOnly,
            ["file"] = new JsonObject { ["driver"] = "file", ["filename"] = path, ["locking"] = "off" },
        };
        string address = $"{FirstSlot + (index / SlotFunctions):x}.{index % SlotFunctions}";
        string device = $"virtio-blk-pci,drive=disk{index},serial={name},addr={address},multifunction=on,werror=report,rerror=report";
        return ["-blockdev", node.ToJsonString(), "-device", device];
    }

    private static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    private static ProcessStartInfo Start(IEnumerable<string> arguments) => new(Program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
