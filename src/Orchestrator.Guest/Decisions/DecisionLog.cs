using System.Collections.Immutable;
using Orchestrator.Channel.Decisions;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Guest.Decisions;

/// <summary>The group's log of decisions: only ever appended to, each entry holding the hash of the one before. Safe for concurrent use.</summary>
internal sealed class DecisionLog
{
    private const int MaxEntries = 100_000;
    private const int MaxSubject = 1024;
    private const int MaxReasons = 64;

    private readonly Lock _lock = new();
    private readonly List<byte[]> _entries = [];
    private Digest _last;

    /// <summary>Makes sure that what is about to be done can be logged.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.LogFull"/>.</exception>
    public void RequireRoom()
    {
        lock (_lock)
        {
            if (_entries.Count >= MaxEntries)
            {
                throw new OrchestratorException(GuestErrors.LogFull, $"The log of decisions has {MaxEntries} entries.");
            }
        }
    }

    /// <summary>Notes what became of a request.</summary>
    public void Append(string point, string subject, Outcome outcome, ImmutableArray<string> reasons)
    {
        lock (_lock)
        {
            byte[] entry = new DecisionEntry(_entries.Count + 1, _last, point, Cut(subject), outcome, [.. reasons.Take(MaxReasons).Select(Cut)]).Encode();
            _entries.Add(entry);
            _last = DecisionEntry.Hash(entry);
        }
    }

    /// <summary>At most <paramref name="count"/> entries after the first <paramref name="from"/>, and the end of the log as it is now.</summary>
    public (ImmutableArray<byte[]> Entries, DecisionHead Head) Read(Digest policy, int from, int count)
    {
        lock (_lock)
        {
            return ([.. _entries.Skip(from).Take(count)], new DecisionHead(policy, _entries.Count, _last));
        }
    }

    private static string Cut(string text) => text.Length <= MaxSubject ? text : text[..MaxSubject];
}
