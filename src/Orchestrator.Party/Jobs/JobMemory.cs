using Orchestrator.Contracts.Manifests;

namespace Orchestrator.Sdk;

/// <summary>What a job file says about memory, in bytes.</summary>
public sealed record JobMemory
{
    /// <summary>Tile memory of the devices that the job is for; the compiler refuses a job that needs more.</summary>
    public long Tiles { get; init; } = MemoryPlan.TileMemory;

    /// <summary>All parameters and buffers of the program; null: as much as its archive, which holds them.</summary>
    public long? Parameters { get; init; }

    /// <summary>Activations and temporaries of a step.</summary>
    public long Workspace { get; init; } = MemoryReservation.UsualWorkspace;
}
