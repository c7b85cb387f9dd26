namespace Orchestrator.Data.TileProtocol;

/// <summary>What controller and tiles accept from each other at most.</summary>
public static class TileLimits
{
    /// <summary>Bytes of a message after its length field: the largest frame and its position, with room to spare.</summary>
    public const int MaxMessageSize = (1 << 24) + 64;

    /// <summary>Bytes of one piece of a program or an output.</summary>
    public const int ChunkSize = 1 << 18;

    /// <summary>Data streams of one job.</summary>
    public const int MaxStreams = 1024;

    /// <summary>Bytes of a program: 1 GiB, the order of a chip's memory.</summary>
    public const long MaxProgramSize = 1L << 30;

    /// <summary>Bytes of a training state: 1 GiB, as a model and its optimiser share the memory.</summary>
    public const long MaxStateSize = 1L << 30;

    /// <summary>Metrics in one report.</summary>
    public const int MaxMetrics = 64;

    /// <summary>UTF-16 units of a text: names, messages.</summary>
    public const int MaxTextLength = 4096;

    /// <summary>Entries of one list in a probe of the confinement.</summary>
    public const int MaxProbed = 4096;

    /// <summary>Findings that a probe of the confinement tells of.</summary>
    public const int MaxFindings = 64;

    /// <summary>Most bytes that a job can be given.</summary>
    public const long MaxMemory = 1L << 62;
}
