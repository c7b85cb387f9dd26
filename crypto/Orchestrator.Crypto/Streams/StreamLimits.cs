namespace Orchestrator.Crypto.Streams;

/// <summary>The sizes and bounds of the sealed stream format; <c>docs/spec/sealed-stream.md</c> gives the reason of each.</summary>
public static class StreamLimits
{
    /// <summary>Bytes before the header: magic (8), version (4), header length (4).</summary>
    public const int PreambleSize = 16;

    /// <summary>Bytes of the key commitment after the header.</summary>
    public const int CommitmentSize = 32;

    /// <summary>Bytes of the salt in the header.</summary>
    public const int SaltSize = 32;

    /// <summary>Bytes of the field that holds a frame's 12-byte IV and 4 zero bytes.</summary>
    public const int IvFieldSize = 16;

    /// <summary>Bytes of a frame's tag.</summary>
    public const int TagSize = 16;

    /// <summary>Bytes that a frame is longer than its plaintext.</summary>
    public const int FrameOverhead = IvFieldSize + TagSize;

    /// <summary>The longest encoded header, in bytes.</summary>
    public const int MaxHeaderSize = 1 << 20;

    /// <summary>The longest owner's name, in bytes of UTF-8.</summary>
    public const int MaxOwnerSize = 256;

    /// <summary>The smallest frame, in bytes of plaintext.</summary>
    public const int MinFrameSize = 256;

    /// <summary>The largest frame, in bytes of plaintext.</summary>
    public const int MaxFrameSize = 1 << 24;

    /// <summary>The frame size to take without a reason for another, in bytes of plaintext.</summary>
    public const int DefaultFrameSize = 1 << 18;

    /// <summary>The largest run number: it has three bytes in the IV.</summary>
    public const int MaxRun = (1 << 24) - 1;

    /// <summary>The most frames of one stream.</summary>
    public const long MaxFrames = 1L << 32;

    /// <summary>The most plaintext of one stream, in bytes.</summary>
    public const long MaxPlaintextSize = 1L << 48;
}
