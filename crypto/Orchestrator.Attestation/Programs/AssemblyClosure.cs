using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Orchestrator.Attestation.Programs;

/// <summary>Which files of a folder a program consists of, found by reading references, without loading anything.</summary>
internal static class AssemblyClosure
{
    /// <summary>The assembly <paramref name="root"/> and, transitively, every assembly that it refers to, less the platform's own; and the native libraries that these import from the folder.</summary>
    /// <param name="folder">Where the program is installed.</param>
    /// <param name="root">File name of its first assembly.</param>
    /// <returns>File names in ordinal order.</returns>
    /// <exception cref="FileNotFoundException">An assembly is not in the folder.</exception>
    public static IReadOnlyCollection<string> Of(string folder, string root)
    {
        var files = new SortedSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>([root]);
        while (open.TryDequeue(out string? file))
        {
            if (!files.Add(file))
            {
                continue;
            }

            using var image = new PEReader(File.OpenRead(Path.Combine(folder, file)));
            MetadataReader metadata = image.GetMetadataReader();
            foreach (string name in AssemblyNames(metadata).Where(name => !IsPlatform(name)))
            {
                open.Enqueue(name + ".dll");
            }

            files.UnionWith(NativeLibraries(metadata).Where(library => File.Exists(Path.Combine(folder, library))));
        }

        return files;
    }

    private static IEnumerable<string> AssemblyNames(MetadataReader metadata) =>
        metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name));

    // .NET looks for "name", "name.so" and "libname.so".
    private static IEnumerable<string> NativeLibraries(MetadataReader metadata) =>
        from row in Enumerable.Range(1, metadata.GetTableRowCount(TableIndex.ModuleRef))
        let name = metadata.GetString(metadata.GetModuleReference(MetadataTokens.ModuleReferenceHandle(row)).Name)
        from library in new[] { name, name + ".so", "lib" + name + ".so" }
        select library;

    private static bool IsPlatform(string assembly) =>
        assembly is "netstandard" or "mscorlib" or "System" ||
        assembly.StartsWith("System.", StringComparison.Ordinal) ||
        assembly.StartsWith("Microsoft.", StringComparison.Ordinal);
}
