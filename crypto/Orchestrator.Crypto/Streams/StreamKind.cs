namespace Orchestrator.Crypto.Streams;

/// <summary>What a sealed stream carries; the first byte of every frame's IV.</summary>
public enum StreamKind : byte
{
    /// <summary>A party's training or evaluation records.</summary>
    Data = 1,

    /// <summary>A TorchScript archive.</summary>
    Program = 2,

    /// <summary>A trained model.</summary>
    Model = 3,

    /// <summary>Metrics that a manifest lets out.</summary>
    Metrics = 4,

    /// <summary>A training state to resume from.</summary>
    Checkpoint = 5,

    /// <summary>A file as it is, for a prepare stage.</summary>
    File = 6,
}
