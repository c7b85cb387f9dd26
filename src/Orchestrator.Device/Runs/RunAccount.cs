using System.Collections.Immutable;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Sessions;
using Orchestrator.Device.Sxp;

namespace Orchestrator.Device.Runs;

/// <summary>What a session and those before it have consumed: for the receipt at the end, and for a checkpoint after an epoch.</summary>
/// <param name="session">This session.</param>
/// <param name="earlier">Those before it.</param>
/// <param name="streams">All streams of this session, in the manifest's order.</param>
/// <param name="schedule">The passes of this session.</param>
internal sealed class RunAccount(Session session, RunHistory earlier, IReadOnlyList<InputStream> streams, JobSchedule schedule)
{
    /// <summary>All sessions, this one with the epochs that are done.</summary>
    public ImmutableArray<ReceiptSession> Sessions(int epochs) => [.. earlier.Sessions, new ReceiptSession(session.EvidenceDigest, epochs)];

    /// <summary>Everything that was read.</summary>
    public ImmutableArray<ConsumedStream> Consumed() => [.. streams.Select(stream => Consumed(stream, stream.Checks.Reads))];

    /// <summary>What goes into a checkpoint: what was read up to the end of an epoch, as the schedule has it. What was read ahead since then will be read again.</summary>
    public RunHistory After(int epoch, ImmutableArray<TileMessage.Progress> metrics) =>
        new(Sessions(epoch), [.. streams.Select(stream => Consumed(stream, ReadsUpTo(epoch, stream)))], metrics);

    private ConsumedStream Consumed(InputStream stream, long reads) =>
        new(stream.Description.Id, stream.Checks.FramesRead, earlier.ReadsOf(stream.Description.Id) + reads);

    // A pass reads each frame of its streams once; the program, and an empty last frame, are read once a session.
    private long ReadsUpTo(int epoch, InputStream stream)
    {
        if (stream.Description.Role is not { } role)
        {
            return stream.Checks.Reads;
        }

        int passes = epoch - schedule.FirstEpoch + (role == StreamRole.Train && schedule.Passes().First().Kind == PassKind.Standardize ? 1 : 0);
        bool endsEmpty = stream.PlaintextLengthOf(stream.Description.Frames - 1) == 0;
        return (passes * (stream.Description.Frames - (endsEmpty ? 1 : 0))) + (endsEmpty ? 1 : 0);
    }
}
