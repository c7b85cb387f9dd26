using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>Ways in which a sealed stream, or the file that should be one, fails.</summary>
public static class StreamErrors
{
    private const string FetchAgain = "Fetch the file again from its owner and compare its digest.";
    private const string AskOwner = "Ask the owner to seal the file again.";

    /// <summary>No sealed stream at all.</summary>
    public static readonly ErrorCode Foreign = new("stream-foreign", ErrorClass.Input,
        "The file is not a sealed stream.", "Name a file that was made by sealing.");

    /// <summary>A version that this program does not read.</summary>
    public static readonly ErrorCode UnsupportedVersion = new("stream-unsupported-version", ErrorClass.Input,
        "The stream was sealed in a version of the format that this program does not read.", "Use a program version that reads it, or seal the file again.");

    /// <summary>The end is missing.</summary>
    public static readonly ErrorCode Truncated = new("stream-truncated", ErrorClass.Integrity,
        "The stream ends before its last frame.", FetchAgain);

    /// <summary>Something follows where nothing may.</summary>
    public static readonly ErrorCode TrailingBytes = new("stream-trailing-bytes", ErrorClass.Integrity,
        "Bytes follow the end of the prologue.", FetchAgain);

    /// <summary>The header is not deterministic CBOR.</summary>
    public static readonly ErrorCode HeaderNotCanonical = new("stream-header-not-canonical", ErrorClass.Input,
        "The stream's header is not deterministic CBOR.", AskOwner);

    /// <summary>The header breaks a rule or limit.</summary>
    public static readonly ErrorCode HeaderInvalid = new("stream-header-invalid", ErrorClass.Input,
        "A field of the stream's header is missing, unknown or out of its range.", AskOwner);

    /// <summary>The commitment does not match the key.</summary>
    public static readonly ErrorCode WrongKey = new("stream-wrong-key", ErrorClass.Integrity,
        "The key is not the one that the stream was sealed under, or its header was altered.", "Take the key that was made when the stream was sealed.");

    /// <summary>A frame is not authentic.</summary>
    public static readonly ErrorCode FrameTampered = new("stream-frame-tampered", ErrorClass.Integrity,
        "A frame was altered after sealing, or belongs to another stream.", FetchAgain);

    /// <summary>A frame is in a place that is not its own.</summary>
    public static readonly ErrorCode FrameOutOfOrder = new("stream-frame-out-of-order", ErrorClass.Integrity,
        "A frame's IV is not the one of its place: frames were moved, dropped or repeated.", FetchAgain);

    /// <summary>The whole is not what was pinned.</summary>
    public static readonly ErrorCode DigestMismatch = new("stream-digest-mismatch", ErrorClass.Integrity,
        "The stream is not the one whose digest was agreed.", FetchAgain);

    /// <summary>The plaintext is no whole number of records.</summary>
    public static readonly ErrorCode RecordSplit = new("stream-record-split", ErrorClass.Input,
        "The plaintext is no whole number of records.", "Seal whole records, or state their true size.");

    /// <summary>More than the format allows.</summary>
    public static readonly ErrorCode TooLong = new("stream-too-long", ErrorClass.Input,
        "The stream has more frames or bytes than the format allows.", "Split the data over several streams.");
}
