using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Fragments.Transparency;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>A container that was created.</summary>
/// <param name="Privileged">Whether it is privileged.</param>
public sealed record StartedContainer(bool Privileged);

/// <summary>All that the engine remembers of a group. Immutable: a decision makes the next one.</summary>
public sealed record GroupState
{
    /// <summary>Nothing mounted, nothing running.</summary>
    public static GroupState Initial { get; } = new();

    /// <summary>Root hash by mount point.</summary>
    public ImmutableDictionary<string, string> Devices { get; init; } = Empty<string>();

    /// <summary>Writable devices by mount point.</summary>
    public ImmutableHashSet<string> WritableDevices { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Mounted root file systems.</summary>
    public ImmutableHashSet<string> Overlays { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>What each container can still be, by its ID; never empty, and never growing.</summary>
    public ImmutableDictionary<string, ImmutableArray<ContainerPolicy>> Candidates { get; init; } = Empty<ImmutableArray<ContainerPolicy>>();

    /// <summary>Every container that was ever created, by its ID.</summary>
    public ImmutableDictionary<string, StartedContainer> Started { get; init; } = Empty<StartedContainer>();

    /// <summary>Mounted scratch space; the value says whether it is encrypted.</summary>
    public ImmutableDictionary<string, bool> Scratch { get; init; } = Empty<bool>();

    /// <summary>Mounted folders of the host's, with the ID of the container that each is for.</summary>
    public ImmutableDictionary<string, string> Shares { get; init; } = Empty<string>();

    /// <summary>Fragments that were let in, in order.</summary>
    public ImmutableArray<LoadedFragment> Fragments { get; init; } = [];

    /// <summary>Lists of transparency services that were let in, in order.</summary>
    public ImmutableArray<LoadedTrustList> TrustLists { get; init; } = [];

    private static ImmutableDictionary<string, T> Empty<T>() => ImmutableDictionary.Create<string, T>(StringComparer.Ordinal);
}
