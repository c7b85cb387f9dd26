using System.Collections.Immutable;
using Orchestrator.Errors;

namespace Orchestrator.Uvm;

/// <summary>A block device that the guest can only read.</summary>
/// <param name="Name">The guest knows it by this: 1 to 20 of a-z, 0-9, hyphen and point.</param>
/// <param name="Path">The host's file; whole sectors of 512 bytes.</param>
public sealed record AttachedDisk(string Name, string Path);

/// <summary>What a machine gets. Whatever is not here it has not got: no network, no folders of the host's, no display.</summary>
public sealed record MachinePlan
{
    /// <summary>The name of the disk for scratch.</summary>
    public const string ScratchName = "scratch";

    private const int LeastMemory = 512;
    private const int MostMemory = 1 << 20;
    private const int MostCores = 64;
    private const int MostDisks = 200;
    private const int MostName = 20;

    /// <summary>Memory in MiB.</summary>
    public int Memory { get; init; } = 1024;

    /// <summary>Processor cores.</summary>
    public int Cores { get; init; } = 2;

    /// <summary>Read-only disks.</summary>
    public ImmutableArray<AttachedDisk> Disks { get; init; } = [];

    /// <summary>Size in bytes of the disk for scratch, whole MiB; 0: none.</summary>
    public long Scratch { get; init; }

    /// <summary>Finds fault.</summary>
    /// <exception cref="OrchestratorException"><see cref="UvmErrors.PlanInvalid"/>.</exception>
    public void Require()
    {
        Require(Memory is >= LeastMemory and <= MostMemory, $"a machine has {LeastMemory} to {MostMemory} MiB of memory, not {Memory}");
        Require(Cores is >= 1 and <= MostCores, $"a machine has 1 to {MostCores} cores, not {Cores}");
        Require(Scratch >= 0 && Scratch % (1 << 20) == 0, $"scratch is whole MiB, not {Scratch} bytes");
        Require(Disks.Length <= MostDisks, $"a machine has at most {MostDisks} disks, not {Disks.Length}");
        Require(Disks.Select(disk => disk.Name).Append(ScratchName).Distinct(StringComparer.Ordinal).Count() == Disks.Length + 1, $"disks have different names, none of them {ScratchName}");
        foreach (AttachedDisk disk in Disks)
        {
            Require(
                disk.Name.Length is > 0 and <= MostName && disk.Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'),
                $"a disk's name is 1 to {MostName} of a-z, 0-9, hyphen and point, not \"{disk.Name}\"");
        }
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new OrchestratorException(UvmErrors.PlanInvalid, $"No such machine: {rule}.");
        }
    }
}
