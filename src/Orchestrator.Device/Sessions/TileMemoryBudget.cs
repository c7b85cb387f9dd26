using Orchestrator.Contracts.Manifests;
using Orchestrator.Errors;

namespace Orchestrator.Device.Sessions;

/// <summary>Checks a job against the tiles' memory before anything is attested; the estimate is in <c>docs/spec/device.md</c>.</summary>
public static class TileMemoryBudget
{
    /// <summary>Program, gradients and two optimiser moments: each at most as large as the program's archive.</summary>
    private const int CopiesOfProgram = 4;

    /// <summary>Frames of each stream that are in the tiles at a time: one being read, one being trained on.</summary>
    private const int FramesOfStream = 2;

    /// <summary>Batches in the tiles at a time: one being filled, one being trained on.</summary>
    private const int Batches = 2;

    /// <summary>The estimate, in bytes.</summary>
    public static long Estimate(ManifestContent manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ManifestStream program = manifest.Streams.Single(stream => stream.Role is null);
        ManifestStream[] data = [.. manifest.Streams.Where(stream => stream.Role is not null)];
        Int128 estimate = ((Int128)CopiesOfProgram * program.Records)
            + data.Sum(stream => (long)FramesOfStream * stream.FrameSize)
            + ((Int128)Batches * manifest.Plan.BatchSize * data.Max(stream => stream.RecordSize));
        return estimate > long.MaxValue ? long.MaxValue : (long)estimate;
    }

    /// <summary>Refuses a job that needs more than <paramref name="available"/> bytes.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.MemoryExceeded"/>.</exception>
    public static void Check(ManifestContent manifest, long available)
    {
        long estimate = Estimate(manifest);
        if (estimate > available)
        {
            throw new OrchestratorException(DeviceErrors.MemoryExceeded, $"The job needs about {estimate} bytes on the tiles, which have {available}.");
        }
    }
}
