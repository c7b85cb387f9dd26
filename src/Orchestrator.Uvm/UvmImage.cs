using System.Security.Cryptography;
using System.Text;
using Orchestrator.Attestation;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Uvm;

/// <summary>
/// What a utility VM is made of: kernel, initial file system, command line (docs/spec/uvm.md). Its measurement is taken from the very files that
/// the machine then starts from.
/// </summary>
public sealed class UvmImage
{
    /// <summary>The kernel, a Linux bzImage.</summary>
    public const string KernelFile = "kernel";

    /// <summary>The initial file system, a newc archive.</summary>
    public const string InitialFilesFile = "initrd";

    /// <summary>The kernel's command line.</summary>
    public const string CommandLineFile = "command-line";

    /// <summary>The measurement that the build found.</summary>
    public const string MeasurementFile = "measurement";

    /// <summary>The publisher's endorsement.</summary>
    public const string EndorsementFile = "endorsement.cose";

    private const int MaxCommandLine = 2047;

    private UvmImage(string folder, string commandLine, Measurement measurement)
    {
        Folder = folder;
        CommandLine = commandLine;
        Measurement = measurement;
    }

    /// <summary>Where it is.</summary>
    public string Folder { get; }

    /// <summary>The kernel's path.</summary>
    public string Kernel => Path.Combine(Folder, KernelFile);

    /// <summary>The initial file system's path.</summary>
    public string InitialFiles => Path.Combine(Folder, InitialFilesFile);

    /// <summary>What the kernel is told.</summary>
    public string CommandLine { get; }

    /// <summary>SHA-384 over the list of the three files' SHA-384 digests, as sha384sum prints it.</summary>
    public Measurement Measurement { get; }

    /// <summary>Opens an image.</summary>
    /// <exception cref="OrchestratorException"><see cref="UvmErrors.ImageMissing"/>, <see cref="UvmErrors.ImageChanged"/> or a storage code.</exception>
    public static UvmImage Open(string folder)
    {
        string path = Path.GetFullPath(folder);
        foreach (string name in (string[])[KernelFile, InitialFilesFile, CommandLineFile, MeasurementFile])
        {
            if (!File.Exists(Path.Combine(path, name)))
            {
                throw new OrchestratorException(UvmErrors.ImageMissing, $"{path} has no file {name}.");
            }
        }

        try
        {
            Measurement measurement = Measure(path);
            string built = File.ReadAllText(Path.Combine(path, MeasurementFile)).TrimEnd('\n');
            string commandLine = File.ReadAllText(Path.Combine(path, CommandLineFile));
            if (measurement.ToString() != built || commandLine.Length > MaxCommandLine)
            {
                throw new OrchestratorException(UvmErrors.ImageChanged, $"The image in {path} measures {measurement}, not {built}.");
            }

            return new UvmImage(path, commandLine, measurement);
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, path);
        }
    }

    /// <summary>The publisher's endorsement; null: there is none.</summary>
    /// <exception cref="OrchestratorException">A storage code.</exception>
    public byte[]? ReadEndorsement()
    {
        string path = Path.Combine(Folder, EndorsementFile);
        return LocalFile.Guard(path, () => File.Exists(path) ? File.ReadAllBytes(path) : null);
    }

    private static Measurement Measure(string folder)
    {
        var list = new StringBuilder();
        foreach (string name in (string[])[KernelFile, InitialFilesFile, CommandLineFile])
        {
            using FileStream file = File.OpenRead(Path.Combine(folder, name));
            list.Append(Convert.ToHexStringLower(SHA384.HashData(file))).Append("  ").Append(name).Append('\n');
        }

        return Measurement.Of(Encoding.ASCII.GetBytes(list.ToString()));
    }
}
