using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Tiles.Local;

/// <summary>Whole files.</summary>
internal static class Files
{
    /// <summary>Reads one.</summary>
    /// <exception cref="OrchestratorException">A <c>storage-*</c> code.</exception>
    public static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, path);
        }
    }
}
