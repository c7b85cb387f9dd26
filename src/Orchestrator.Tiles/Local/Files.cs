using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Tiles.Local;

/// <summary>Whole files.</summary>
internal static class Files
{
    /// <summary>Reads one.</summary>
    /// <exception cref="OrchestratorException">A <c>storage-*</c> code.</exception>
    public static byte[] ReadAll(string path) => LocalFile.Guard(path, () => File.ReadAllBytes(path));
}
