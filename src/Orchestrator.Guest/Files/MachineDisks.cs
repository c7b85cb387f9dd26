using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Channel;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Verity;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Files;

/// <summary>
/// The disks of a machine of its own (docs/spec/uvm.md): layers stay on the host's devices and are read through dm-verity, so that a byte that the host
/// changes later is an I/O error; scratch is parts of one disk under dm-crypt and dm-integrity, each with a key that is thrown away here.
/// </summary>
internal sealed class MachineDisks : IGroupDisks
{
    private const string ScratchDevice = "scratch";
    private const string Mapper = "/dev/mapper";
    private const int SectorSize = 512;
    private const int ScratchKeySize = 96;

    private static readonly string s_salt = new('0', 2 * VerityFormat.SaltSize);

    private readonly Dictionary<string, string[]> _mapped = new(StringComparer.Ordinal);
    private readonly DiskSpace _scratch = new();
    private int _mappings;

    /// <summary>The machine's disks.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public MachineDisks()
    {
        // Mappings get nodes there.
        Mounts.MakeWritable("/dev");
        Directory.CreateDirectory("/run/cryptsetup");
    }

    /// <inheritdoc/>
    public void MountLayer(string device, Digest rootHash, string target)
    {
        string path = Disk(DiskSerial.Of(device));
        long dataBlocks = RequireTree(path, rootHash);
        string name = NewName("layer");
        // A program that reads parameters off the disk is of no use here, nor one that takes the disk for itself: a layer may be mounted twice.
        SystemProgram.Run(
            "dmsetup", "create", name, "--readonly", "--table",
            $"0 {Text(dataBlocks * VerityFormat.BlockSize / SectorSize)} verity 1 {path} {path} {VerityFormat.BlockSize} {VerityFormat.BlockSize} {Text(dataBlocks)} {Text(dataBlocks + 1)} sha256 {rootHash} {s_salt}");
        Keep(target, [name], () => Mounts.MountReadOnly($"{Mapper}/{name}", "erofs", target));
    }

    /// <inheritdoc/>
    public void MountScratch(string target, long size)
    {
        string disk = Disk(ScratchDevice);
        long start = _scratch.Take(target, size / SectorSize, SizeOf(disk) / SectorSize);
        var mappings = new List<string>();
        try
        {
            string part = NewName("part");
            SystemProgram.Run("dmsetup", "create", part, "--table", $"0 {Text(size / SectorSize)} linear {disk} {Text(start)}");
            mappings.Insert(0, part);
            string plain = NewName("scratch");
            Encrypt($"{Mapper}/{part}", plain);
            mappings.Insert(0, plain);
            MakeFileSystem($"{Mapper}/{plain}");
            Mounts.MountWritable($"{Mapper}/{plain}", "ext4", target, "errors=remount-ro");
            _mapped[target] = [.. mappings];
        }
        catch
        {
            _scratch.Free(target);
            Remove(mappings);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Unmount(string target)
    {
        Mounts.Unmount(target);
        _mapped.Remove(target, out string[]? mappings);
        try
        {
            Remove(mappings!);
        }
        catch (IOException e)
        {
            throw new OrchestratorException(GuestErrors.UnmountFailed, e.Message, inner: e);
        }

        _scratch.Free(target);
    }

    // The number of blocks is the host's word until the tree and the file system's own superblock agree with it.
    private static long RequireTree(string path, Digest rootHash)
    {
        using SafeFileHandle device = File.OpenHandle(path);
        return VerifiedLayer.Open(VerityReader.SourceOf(device), rootHash, SizeOf(path)).Length / VerityFormat.BlockSize;
    }

    // The header stays in memory: on the disk the host could put another in its place between its writing and its reading, one with no encryption at all.
    private static void Encrypt(string device, string name)
    {
        string header = $"{GroupFolders.Runtime}/{name}.header";
        byte[] key = RandomNumberGenerator.GetBytes(ScratchKeySize);
        try
        {
            SystemProgram.Run(
                key, "cryptsetup", "luksFormat", device, "--type=luks2", $"--header={header}", "--key-file=-", "--batch-mode", "--cipher=aes-xts-plain64", "--key-size=512",
                "--integrity=hmac-sha256", "--integrity-no-wipe", "--sector-size=4096", "--pbkdf=pbkdf2", "--pbkdf-force-iterations=1000", "--disable-locks");
            SystemProgram.Run(
                key, "cryptsetup", "open", device, name, $"--header={header}", "--key-file=-", "--integrity-no-journal", "--disable-locks", "--perf-no_read_workqueue", "--perf-no_write_workqueue");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            File.Delete(header);
        }
    }

    // Sectors that were never written have no valid tag: mke2fs looks at both ends for what was there before, and would change parts of blocks
    // for copies of the superblock, which nobody needs here.
    private static void MakeFileSystem(string device)
    {
        const int Ends = 2 << 20;
        byte[] zeros = new byte[Ends];
        long size = SizeOf(device);
        using (SafeFileHandle file = File.OpenHandle(device, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            RandomAccess.Write(file, zeros.AsSpan(0, (int)Math.Min(size, Ends)), 0);
            RandomAccess.Write(file, zeros.AsSpan(0, (int)Math.Min(size, Ends)), Math.Max(0, size - Ends));
        }

        SystemProgram.Run(
            "mke2fs", "-q", "-t", "ext4", "-b", "4096", "-m", "0", "-O", "^has_journal,^metadata_csum,^resize_inode,sparse_super2", "-E", "num_backup_sb=0,lazy_itable_init=0,nodiscard", device);
    }

    private void Keep(string target, string[] mappings, Action mount)
    {
        try
        {
            mount();
        }
        catch
        {
            Remove(mappings);
            throw;
        }

        _mapped[target] = mappings;
    }

    private static void Remove(IEnumerable<string> mappings)
    {
        foreach (string mapping in mappings)
        {
            // Closes what stands below it, too.
            SystemProgram.Run("cryptsetup", "close", mapping, "--disable-locks");
        }
    }

    // Init links each disk's serial number to its device.
    private static string Disk(string serial) => new FileInfo($"{GroupFolders.Devices}/{serial}").LinkTarget
        ?? throw new OrchestratorException(GuestErrors.DeviceMissing, "The machine has no such disk.");

    private static long SizeOf(string path)
    {
        using SafeFileHandle device = File.OpenHandle(path);
        return BlockDevice.SizeOf(device);
    }

    private string NewName(string kind) => $"{kind}{Text(++_mappings)}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
