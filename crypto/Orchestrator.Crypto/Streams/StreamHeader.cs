using System.Security.Cryptography;
using System.Text;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>What a sealed stream says about itself in clear. Deterministic CBOR, bound to the frames through their key.</summary>
/// <remarks>Equal headers have equal encodings. A header is public: names and schema in it are seen by the host.</remarks>
public sealed record StreamHeader
{
    /// <summary>What the stream carries.</summary>
    public required StreamKind Kind { get; init; }

    /// <summary>Whom the stream belongs to: 1 to 256 bytes of UTF-8, without control characters.</summary>
    public required string Owner { get; init; }

    /// <summary>What a record looks like, in an encoding that the kind decides; empty if there is nothing to say.</summary>
    public ReadOnlyMemory<byte> Schema { get; init; }

    /// <summary>Bytes of one record, 1 to <see cref="FrameSize"/>. A stream without records has records of 1 byte.</summary>
    public int RecordSize { get; init; } = 1;

    /// <summary>Bytes of plaintext in every frame but the last: a multiple of <see cref="RecordSize"/>, 256 to 16 Mi.</summary>
    public int FrameSize { get; init; } = StreamLimits.DefaultFrameSize;

    /// <summary>32 bytes that no other stream under the same key has; random.</summary>
    public required ReadOnlyMemory<byte> Salt { get; init; }

    /// <summary>Which run wrote the stream, 0 to 2^24 - 1; 0 for what is sealed once.</summary>
    public int Run { get; init; }

    /// <summary>A header with a fresh salt and a frame size that fits the records.</summary>
    /// <param name="kind">What the stream carries.</param>
    /// <param name="owner">Whom it belongs to.</param>
    /// <param name="recordSize">Bytes of one record.</param>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static StreamHeader Create(StreamKind kind, string owner, int recordSize = 1)
    {
        var header = new StreamHeader
        {
            Kind = kind,
            Owner = owner,
            RecordSize = recordSize,
            FrameSize = FrameSizeFor(recordSize),
            Salt = RandomNumberGenerator.GetBytes(StreamLimits.SaltSize),
        };
        header.ThrowIfInvalid();
        return header;
    }

    /// <summary>The largest multiple of the record size up to <paramref name="target"/>, or the smallest that the format allows.</summary>
    /// <param name="recordSize">Bytes of one record, 1 to <see cref="StreamLimits.MaxFrameSize"/>.</param>
    /// <param name="target">The wanted frame size in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range, or no frame size fits the record.</exception>
    public static int FrameSizeFor(int recordSize, int target = StreamLimits.DefaultFrameSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(recordSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(recordSize, StreamLimits.MaxFrameSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(target, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target, StreamLimits.MaxFrameSize);
        int fewest = (StreamLimits.MinFrameSize + recordSize - 1) / recordSize;
        return Math.Max(target / recordSize, fewest) * recordSize;
    }

    /// <summary>The deterministic encoding.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public byte[] Encode()
    {
        ThrowIfInvalid();
        return CborMap.Of(
            ("kind", (long)Kind),
            ("owner", Owner),
            ("schema", Schema),
            ("record", RecordSize),
            ("frame", FrameSize),
            ("salt", Salt),
            ("run", Run)).Encode();
    }

    /// <summary>Reads what <see cref="Encode"/> writes, and nothing else.</summary>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.HeaderNotCanonical"/> or <see cref="StreamErrors.HeaderInvalid"/>.</exception>
    public static StreamHeader Decode(ReadOnlyMemory<byte> encoding)
    {
        CborValue value = Translate(StreamErrors.HeaderNotCanonical, () => CborValue.Decode(encoding));
        StreamHeader header = Translate(StreamErrors.HeaderInvalid, () => value.As("header").ReadMap(Read));
        return header.Violation() is { } violation ? throw new OrchestratorException(StreamErrors.HeaderInvalid, violation) : header;
    }

    private static StreamHeader Read(CborMapReader map) => new()
    {
        Kind = map.Required("kind").AsEnum<StreamKind>(),
        Owner = map.Required("owner").AsText(),
        Schema = map.Required("schema").AsBytes(StreamLimits.MaxHeaderSize),
        RecordSize = map.Required("record").AsInt32(),
        FrameSize = map.Required("frame").AsInt32(),
        Salt = map.Required("salt").AsFixedBytes(StreamLimits.SaltSize),
        Run = map.Required("run").AsInt32(),
    };

    private static T Translate<T>(ErrorCode code, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(code, e.Message, inner: e);
        }
    }

    private void ThrowIfInvalid()
    {
        if (Violation() is { } violation)
        {
            throw new ArgumentException(violation);
        }
    }

    private string? Violation() => this switch
    {
        _ when !Enum.IsDefined(Kind) => $"The stream's kind {(int)Kind} is not defined.",
        _ when Encoding.UTF8.GetByteCount(Owner) is 0 or > StreamLimits.MaxOwnerSize => $"The stream's owner is not 1 to {StreamLimits.MaxOwnerSize} bytes.",
        _ when Owner.Any(char.IsControl) => "The stream's owner has control characters.",
        _ when RecordSize < 1 || RecordSize > FrameSize => $"The record size {RecordSize} is not from 1 to the frame size {FrameSize}.",
        _ when FrameSize is < StreamLimits.MinFrameSize or > StreamLimits.MaxFrameSize => $"The frame size {FrameSize} is not from {StreamLimits.MinFrameSize} to {StreamLimits.MaxFrameSize}.",
        _ when FrameSize % RecordSize != 0 => $"The frame size {FrameSize} is no multiple of the record size {RecordSize}.",
        _ when Salt.Length != StreamLimits.SaltSize => $"The salt has {Salt.Length} bytes, not {StreamLimits.SaltSize}.",
        _ when Run is < 0 or > StreamLimits.MaxRun => $"The run {Run} is not from 0 to {StreamLimits.MaxRun}.",
        _ => null,
    };

    /// <summary>Whether both say the same.</summary>
    public bool Equals(StreamHeader? other) =>
        other is not null && Kind == other.Kind && Owner == other.Owner && RecordSize == other.RecordSize && FrameSize == other.FrameSize
        && Run == other.Run && Schema.Span.SequenceEqual(other.Schema.Span) && Salt.Span.SequenceEqual(other.Salt.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Salt.Span);
        return hash.ToHashCode();
    }
}
