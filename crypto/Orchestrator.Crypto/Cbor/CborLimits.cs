namespace Orchestrator.Crypto.Cbor;

/// <summary>What a decoder takes from a stranger before it gives up.</summary>
public sealed record CborLimits
{
    /// <summary>4 MiB, 16 levels, 65,536 items: enough for every object of this project but bulk data, which is never CBOR.</summary>
    public static CborLimits Default { get; } = new();

    /// <summary>The longest encoding, in bytes.</summary>
    public int MaxBytes { get; init; } = 4 << 20;

    /// <summary>The deepest nesting of arrays, maps and tags; an item that holds no other has depth 1.</summary>
    public int MaxDepth { get; init; } = 16;

    /// <summary>The most items of any kind, keys included.</summary>
    public int MaxItems { get; init; } = 1 << 16;
}
