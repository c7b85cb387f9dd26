namespace Orchestrator.Data.Plans;

/// <summary>What a data stream is read for.</summary>
public enum StreamRole
{
    /// <summary>The program learns from it.</summary>
    Train,

    /// <summary>The program is judged on it.</summary>
    Evaluate,
}
