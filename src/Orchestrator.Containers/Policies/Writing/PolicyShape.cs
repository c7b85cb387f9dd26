namespace Orchestrator.Containers.Policies.Writing;

/// <summary>Whose text form a policy is written in. All of them say the same; their digests differ.</summary>
public enum PolicyShape
{
    /// <summary>The container runtime's policy tool: a container a block, a member a line, commas behind the last.</summary>
    RuntimeTool,

    /// <summary>What Azure's generator writes: each array as JSON on one line, members sorted.</summary>
    Azure,

    /// <summary>The same, printed for people: indented by two.</summary>
    AzureIndented,
}
