using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Attestation.Programs;

/// <summary>
/// Measures an installed program: the very files that it runs. The same files give the same measurement in any folder, so whoever has them can
/// compute what to accept. The .NET runtime and the system's libraries are not part of it.
/// </summary>
/// <remarks>The measurement is SHA-384 over (file name in UTF-8, 0x00, SHA-384 of the file) for each file, in ordinal order of names.</remarks>
public static class ProgramMeter
{
    /// <summary>The assembly <paramref name="assembly"/> of <paramref name="folder"/>, the assemblies that it is built of, and the native libraries that these import from the folder.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be read.</exception>
    /// <exception cref="BadImageFormatException">A file is no assembly.</exception>
    public static Measurement Measure(string folder, string assembly)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA384);
        foreach (string file in AssemblyClosure.Of(folder, assembly))
        {
            using FileStream content = File.OpenRead(Path.Combine(folder, file));
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData([0]);
            hash.AppendData(SHA384.HashData(content));
        }

        return new Measurement(hash.GetHashAndReset());
    }
}
