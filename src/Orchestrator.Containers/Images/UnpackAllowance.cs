using Orchestrator.Containers.Layers;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>How much an image's layers may unpack to together: many small bombs are one large one.</summary>
/// <param name="packed">Bytes of the image's blobs.</param>
internal sealed class UnpackAllowance(long packed)
{
    private long _unpacked;

    /// <summary>Counts what was unpacked.</summary>
    public void Take(int bytes)
    {
        _unpacked += bytes;
        if (_unpacked > LayerLimits.FreeBytes && _unpacked / LayerLimits.MaxExpansion > packed)
        {
            throw new OrchestratorException(LayerErrors.Bomb, $"{packed} bytes unpack to more than {_unpacked}, over {LayerLimits.MaxExpansion} times as much.");
        }
    }
}
