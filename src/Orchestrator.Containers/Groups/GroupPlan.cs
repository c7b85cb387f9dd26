using System.Collections.Immutable;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Groups;

/// <summary>A group file together with its images: all that the host needs to run the group, and all that its policy says.</summary>
public sealed record GroupPlan
{
    /// <summary>The group file.</summary>
    public required GroupFile File { get; init; }

    /// <summary>Its containers, in the same order.</summary>
    public required ImmutableArray<PlannedContainer> Containers { get; init; }
}

/// <summary>A container whose image was read.</summary>
public sealed record PlannedContainer
{
    /// <summary>As in the group file.</summary>
    public required ContainerSection Section { get; init; }

    /// <summary>Its layer images, the bottom layer first.</summary>
    public required ImmutableArray<LayerImage> Layers { get; init; }

    /// <summary>Program and arguments.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Variables that the host sends, <c>NAME=value</c>: the image's and the file's values.</summary>
    public required ImmutableArray<string> Environment { get; init; }

    /// <summary>Where the first process starts.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>As whom.</summary>
    public required Identity User { get; init; }

    /// <summary>The primary group, then the supplementary ones.</summary>
    public required ImmutableArray<Identity> Groups { get; init; }
}
