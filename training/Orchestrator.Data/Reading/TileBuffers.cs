namespace Orchestrator.Data.Reading;

/// <summary>How much of the data is in the tiles at a time: for who allocates it, and for who plans memory.</summary>
public static class TileBuffers
{
    /// <summary>Frames that the tiles ask for before they need them.</summary>
    public const int AskedAhead = 4;

    /// <summary>Frames that the controller reads before the tiles ask for them.</summary>
    public const int ReadAhead = 8;

    /// <summary>Frames on their way to the batches.</summary>
    public const int FramesAhead = AskedAhead + ReadAhead;

    // Many small batches, so that the producer need not be scheduled at once when it is woken; few large ones.
    private const int MinBatches = 4;
    private const int MaxBatches = 64;
    private const int PreferredBytes = 16 << 20;

    /// <summary>Batches that are prepared ahead.</summary>
    /// <param name="batchBytes">Bytes of one, features and targets.</param>
    public static int Batches(long batchBytes) => (int)Math.Clamp(PreferredBytes / Math.Max(batchBytes, 1), MinBatches, MaxBatches);
}
