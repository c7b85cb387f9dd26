namespace Orchestrator.Training.Batches;

/// <summary>Records made ready for tensors: features standardised, labels in the type that the loss takes. Reused from batch to batch.</summary>
internal sealed class PreparedBatch(int featureBytes, int targetBytes)
{
    private readonly byte[] _features = new byte[featureBytes];
    private readonly byte[] _targets = new byte[targetBytes];

    /// <summary>Records in it.</summary>
    public int Count { get; set; }

    /// <summary>Features of one record after the other; as long as <paramref name="bytesEach"/> times the count.</summary>
    public Span<byte> Features(int bytesEach) => _features.AsSpan(0, Count * bytesEach);

    /// <summary>Targets of one record after the other; as long as <paramref name="bytesEach"/> times the count.</summary>
    public Span<byte> Targets(int bytesEach) => _targets.AsSpan(0, Count * bytesEach);
}
