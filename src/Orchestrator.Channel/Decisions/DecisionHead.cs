using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Channel.Decisions;

/// <summary>The end of a group's log of decisions, signed by the group: it stands for every entry before it.</summary>
/// <param name="Policy">SHA-256 of the group's execution policy.</param>
/// <param name="Count">Entries.</param>
/// <param name="Hash">Of the last one; zero where there is none.</param>
public sealed record DecisionHead(Digest Policy, long Count, Digest Hash)
{
    /// <summary>Entries that a guest gives at a time.</summary>
    public const int PageSize = 1000;

    private const string ContentType = "application/orchestrator-decision-head+cbor";

    /// <summary>Signs it, as the group.</summary>
    /// <returns>A COSE_Sign1 message.</returns>
    public byte[] Sign(PartySigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] payload = CborMap.Of(("policy", Policy), ("count", Count), ("hash", Hash)).Encode();
        return CoseSign1.Sign(key, ContentType, key.VerificationKey.ToArray(), payload);
    }

    /// <summary>Verifies a head and that the entries lead to it, first to last, none changed, missing or added.</summary>
    /// <param name="head">A COSE_Sign1 message.</param>
    /// <param name="entries">All entries, as received.</param>
    /// <param name="key">The group's, as its evidence names it.</param>
    /// <exception cref="OrchestratorException"><see cref="DecisionErrors.LogBroken"/>, or the head cannot be read.</exception>
    public static VerifiedDecisions Verify(ReadOnlyMemory<byte> head, IReadOnlyList<ReadOnlyMemory<byte>> entries, VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(entries);
        if (!CoseSign1.Parse(head).TryVerify(key, ContentType, out VerifiedPayload? payload))
        {
            throw Broken("its head is not signed by the group");
        }

        DecisionHead signed = CborValue.Decode(payload.Bytes).As("head").ReadMap(map =>
            new DecisionHead(map.Required("policy").AsDigest(), map.Required("count").AsInt64(min: 0), map.Required("hash").AsDigest()));
        if (entries.Count != signed.Count)
        {
            throw Broken($"it has {entries.Count} entries, the head stands for {signed.Count}");
        }

        var read = new List<DecisionEntry>(entries.Count);
        Digest last = default;
        foreach (ReadOnlyMemory<byte> encoding in entries)
        {
            DecisionEntry entry = DecisionEntry.Decode(encoding);
            if (entry.Sequence != read.Count + 1 || entry.Previous != last)
            {
                throw Broken($"entry {read.Count + 1} does not follow from the one before");
            }

            read.Add(entry);
            last = DecisionEntry.Hash(encoding.Span);
        }

        return last == signed.Hash ? new VerifiedDecisions(signed, read) : throw Broken("its last entry is not the one that the head stands for");
    }

    private static OrchestratorException Broken(string finding) => new(DecisionErrors.LogBroken, $"The log of decisions cannot be trusted: {finding}.");
}

/// <summary>A whole log of decisions that a group has signed; only <see cref="DecisionHead.Verify"/> makes one.</summary>
public sealed class VerifiedDecisions
{
    internal VerifiedDecisions(DecisionHead head, IReadOnlyList<DecisionEntry> entries)
    {
        Head = head;
        Entries = entries;
    }

    /// <summary>What the group has signed.</summary>
    public DecisionHead Head { get; }

    /// <summary>First to last.</summary>
    public IReadOnlyList<DecisionEntry> Entries { get; }
}

/// <summary>Ways in which a log of decisions fails.</summary>
public static class DecisionErrors
{
    /// <summary>Something was altered, removed, inserted or reordered.</summary>
    public static readonly ErrorCode LogBroken = new("decisions-broken", ErrorClass.Integrity, "The log of a group's decisions is not what the group has signed.", "Ask the group itself for its log; whoever gave this one has altered it.");
}
