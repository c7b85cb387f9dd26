using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Data.Plans;

/// <summary>In what order an epoch takes the records of all parties' training streams; specified in docs/spec/records.md.</summary>
public abstract record Interleaving
{
    private Interleaving()
    {
    }

    /// <summary>The form that plans and manifests hold.</summary>
    public CborValue ToCbor() => PlanCodec.Write(this);

    /// <summary>All of the first stream, then all of the second, and so on.</summary>
    public sealed record Concatenate : Interleaving;

    /// <summary>One record of every stream in turn; a stream that has ended is passed over.</summary>
    public sealed record RoundRobin : Interleaving;

    /// <summary>Every stream spread evenly over the whole epoch.</summary>
    public sealed record Proportional : Interleaving;

    /// <summary>
    /// All frames in a fresh random order every epoch, and within that, records shuffled in blocks of <see cref="Window"/>.
    /// </summary>
    /// <param name="Window">Records that are shuffled together, 1 to 2^20; memory grows with it.</param>
    public sealed record Shuffle(int Window) : Interleaving;
}
