namespace Orchestrator.Containers.Groups;

/// <summary>How much of the host's machine a group asks for. No part of its policy: docs/spec/group.md, "Size".</summary>
/// <param name="Memory">MiB.</param>
/// <param name="Cores">Processor cores.</param>
public sealed record GroupSize(int Memory, int Cores)
{
    /// <summary>The least memory, in MiB: below that the guest itself has not enough.</summary>
    public const int LeastMemory = 512;

    /// <summary>The most memory, in MiB.</summary>
    public const int MostMemory = 1 << 20;

    /// <summary>The most cores.</summary>
    public const int MostCores = 64;

    /// <summary>What a group gets whose file asks for nothing.</summary>
    public static GroupSize Default { get; } = new(1024, 2);
}
