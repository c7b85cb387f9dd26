using System.Collections.Immutable;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Channel.Decisions;

/// <summary>What became of a request.</summary>
public enum Outcome
{
    /// <summary>The policy admits it, and it was done.</summary>
    Done = 1,

    /// <summary>The policy refuses it.</summary>
    Refused = 2,

    /// <summary>The policy admits it, it could not be done, and was undone.</summary>
    Undone = 3,

    /// <summary>The policy admits it, and it could be neither done nor undone: the group is inconsistent.</summary>
    Stuck = 4,
}

/// <summary>A link of a group's log of decisions (docs/spec/decision-log.md). It holds no value of an environment variable.</summary>
/// <param name="Sequence">1 for the first.</param>
/// <param name="Previous">Hash of the entry before; zero in the first.</param>
/// <param name="Point">The enforcement point, or <c>set_policy</c>.</param>
/// <param name="Subject">The container, the mount point, or the policy's digest.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reasons">Why not, in the published framework's words.</param>
public sealed record DecisionEntry(long Sequence, Digest Previous, string Point, string Subject, Outcome Outcome, ImmutableArray<string> Reasons)
{
    /// <summary>The point of the first entry.</summary>
    public const string SetPolicy = "set_policy";

    private const string Type = "orchestrator/decision/v1";
    private const int MaxText = 4096;

    private static readonly byte[] s_hashPrefix = [.. "orchestrator/decision/v1"u8, 0];

    /// <summary>The entry's one encoding.</summary>
    public byte[] Encode() => CborMap.Of(
        ("type", Type),
        ("sequence", Sequence),
        ("previous", Previous),
        ("point", Point),
        ("subject", Subject),
        ("outcome", (long)Outcome),
        ("reasons", new CborArray(Reasons.Select(reason => (CborValue)reason)))).Encode();

    /// <summary>SHA-256 of the format's name, a zero byte and the encoding.</summary>
    public static Digest Hash(ReadOnlySpan<byte> encoding) => Digest.Of([.. s_hashPrefix, .. encoding]);

    /// <summary>Reads an entry.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static DecisionEntry Decode(ReadOnlyMemory<byte> encoding) => CborValue.Decode(encoding).As("decision").ReadMap(map =>
    {
        CborField type = map.Required("type");
        return type.AsText() != Type ? throw type.OutOfRange($"is not {Type}") : new DecisionEntry(
            map.Required("sequence").AsInt64(min: 1),
            map.Required("previous").AsDigest(),
            map.Required("point").AsText(64),
            map.Required("subject").AsText(MaxText),
            map.Required("outcome").AsEnum<Outcome>(),
            [.. map.Required("reasons").AsArray(64).Select(reason => reason.AsText(MaxText))]);
    });
}
