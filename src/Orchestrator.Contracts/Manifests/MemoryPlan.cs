using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Manifests;

/// <summary>What a job declares about its memory; the rest of the plan follows from the manifest.</summary>
/// <param name="Parameters">Bytes of all parameters and buffers of the program.</param>
/// <param name="Workspace">Bytes for activations and whatever else a step allocates.</param>
public sealed record MemoryReservation(long Parameters, long Workspace)
{
    /// <summary>The most that either can be, in bytes.</summary>
    public const long Most = 1L << 48;

    /// <summary>Workspace of a job that says nothing, in bytes: enough for small networks at batches of some hundred.</summary>
    public const long UsualWorkspace = 256 << 20;
}

/// <summary>A part of tile memory.</summary>
/// <param name="Name">As in the manifest.</param>
/// <param name="Bytes">How much it takes.</param>
/// <param name="Holds">What is in it.</param>
/// <param name="Remedy">How a job makes it smaller.</param>
public sealed record MemoryPart(string Name, long Bytes, string Holds, string Remedy);

/// <summary>
/// What of a job is in tile memory at a time, part by part. Data is not: it streams through. The compiler checks a job by it, and
/// the device again, from the manifest; it then holds the tiles to the total (docs/spec/manifest.md).
/// </summary>
public sealed class MemoryPlan
{
    /// <summary>Memory of the tiles of an ITX, in bytes (1,472 tiles, about 900 MB).</summary>
    public const long TileMemory = 900L << 20;

    private MemoryPlan(ImmutableArray<MemoryPart> parts) => Parts = parts;

    /// <summary>The parts, in the order in which they come to be.</summary>
    public ImmutableArray<MemoryPart> Parts { get; }

    /// <summary>All parts together, in bytes.</summary>
    public long Total => Parts.Sum(part => part.Bytes);

    /// <summary>The plan of a job that obeys the manifest's rules.</summary>
    /// <param name="manifest">The job.</param>
    /// <param name="largestLayer">What of its program takes most, and how much, in words, for who knows the program: parts that grow with it then say so.</param>
    public static MemoryPlan Of(ManifestContent manifest, string? largestLayer = null)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        long parameters = manifest.Memory.Parameters;
        int moments = manifest.Plan.Optimizer.Moments;
        ManifestStream[] data = [.. manifest.Streams.Where(stream => stream.Role is not null)];
        ManifestStream largest = data.MaxBy(stream => stream.FrameSize)!;
        string frames = string.Create(CultureInfo.InvariantCulture, $"the largest, of {largest.FrameSize} bytes, are those of stream {largest.Id} of {largest.Owner}");
        string sealSmaller = $"Let {largest.Owner} seal stream {largest.Id} again with smaller frames, or shuffle over a smaller window.";
        string layer = largestLayer is null ? "" : $"; the largest is {largestLayer}";
        const string SmallerProgram = "Use a program with smaller layers, or an optimiser that keeps less for every parameter.";
        return new MemoryPlan(
        [
            new("program", manifest.Streams.Single(stream => stream.Role is null).Records, $"the archive{layer}", "Use a smaller program."),
            new("parameters", parameters, $"parameters and buffers{layer}", SmallerProgram),
            new("gradients", parameters, $"a gradient for each{layer}", SmallerProgram),
            new("optimizer", moments * parameters, $"{moments} values for each{layer}", SmallerProgram),
            new("model", parameters, $"the copy that leaves{layer}", SmallerProgram),
            new("checkpoint", manifest.CheckpointEveryEpochs == 0 ? 0 : (1 + moments) * parameters, $"the copy that leaves after an epoch{layer}", SmallerProgram),
            new("frames_ahead", (long)TileBuffers.FramesAhead * largest.FrameSize, $"{TileBuffers.FramesAhead} frames under way; {frames}", sealSmaller),
            new("frames_open", OpenFrames(manifest.Plan.Interleaving, data), $"frames that batches are taken from; {frames}", sealSmaller),
            new("batches", Batches(manifest.Plan, data), $"batches of {manifest.Plan.BatchSize} records", "Use a smaller batch_size."),
            new("workspace", manifest.Memory.Workspace, "activations and temporaries of a step", "Reserve less (memory.workspace), and use smaller layers or batches if the job then exceeds it."),
        ]);
    }

    /// <summary>Refuses a job that needs more than <paramref name="available"/> bytes.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.MemoryExceeded"/>, naming the largest part.</exception>
    public void RequireFits(long available)
    {
        if (Total > available)
        {
            MemoryPart largest = Parts.MaxBy(part => part.Bytes)!;
            throw new OrchestratorException(
                ContractErrors.MemoryExceeded,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The job needs {Total} bytes of tile memory, {Total - available} more than the {available} that there are. Its largest part is {largest.Name} with {largest.Bytes}: {largest.Holds}."),
                largest.Remedy);
        }
    }

    /// <summary>As the manifest holds it: bytes by name, and the total.</summary>
    internal CborMap ToCbor() => CborMap.Of(Parts.Select(part => (part.Name, (CborValue?)part.Bytes)).Append(("total", Total)));

    // A frame is open from its first record to its last; a block of shuffled records cuts at most its first and its last frame.
    private static long OpenFrames(Interleaving interleaving, ManifestStream[] data)
    {
        long largest = data.Max(stream => (long)stream.FrameSize);
        return interleaving switch
        {
            Interleaving.Concatenate => largest,
            Interleaving.Shuffle shuffle => ((long)shuffle.Window * data[0].RecordSize) + (2 * largest),
            _ => Math.Max(largest, data.Where(stream => stream.Role == StreamRole.Train).Sum(stream => (long)stream.FrameSize)),
        };
    }

    private static long Batches(TrainingPlan plan, ManifestStream[] data)
    {
        long prepared = plan.BatchSize * ((long)data[0].Schema!.FeatureBytes + (data[0].Schema!.LabelCount * sizeof(long)));
        return (TileBuffers.Batches(prepared) * prepared) + ((long)plan.BatchSize * data[0].RecordSize);
    }
}
