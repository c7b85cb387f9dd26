using Google.Protobuf;
using Orchestrator.Attack.Relay;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>What a host can write into the memory that it shares with the device, and when.</summary>
internal static class RegionAttacks
{
    private const string Forged = "device-frame-forged";
    private const string Misplaced = "device-frame-misplaced";
    private const string Unexpected = "device-transfer-unexpected";

    private const int WithinTheCiphertext = 100;

    // A device that is not done with a frame by then finds it changed for good.
    private static readonly TimeSpan s_writing = TimeSpan.FromMilliseconds(20);

    public static IEnumerable<Attack> All(Recording earlier) =>
    [
        Answer("region-flip-bit", "flips one bit of a frame in the device's region", Integrity, Forged, slot => slot.Fill(Bytes.Flip(Copy(slot)).Memory)),
        Answer("region-wrong-frame", "fills a slot with the stream's next frame", Integrity, Misplaced, slot =>
            slot.Fill(earlier.Frames[(slot.Stream, slot.Index + 1)].Memory)),
        Answer("region-foreign-stream", "fills a slot with another party's frame of the same number", Binding, Forged, slot =>
            slot.Fill(earlier.Frames[(Streams.Other, slot.Index)].Memory)),
        Answer("region-short-fill", "writes half a frame over what the slot held, and says that it is whole", Integrity, Forged, slot =>
        {
            slot.Genuine[..(slot.Genuine.Length / 2)].CopyTo(slot.Room);
            slot.Room.Span[slot.Genuine.Length / 2] = (byte)(slot.Genuine.Span[slot.Genuine.Length / 2] ^ 0xFF);
            slot.Answer(slot.Genuine.Length);
            slot.Ring();
        }),
        Lie("region-length-short", "says that a frame ends a byte early", Forged, slot => slot.Genuine.Length - 1),
        Lie("region-length-long", "says that a frame ends a byte late", Forged, slot => slot.Genuine.Length + 1),
        Lie("region-length-beyond-slot", "says that a frame ends beyond its slot", Unexpected, slot => slot.Room.Length + 1),
        Lie("region-length-negative", "says that a frame has less than no bytes", Unexpected, _ => int.MinValue),
        Lie("region-withhold-frame", "says in the region that it has lost a frame", "device-data-unavailable", _ => -1),
        new StaleFrame(),
        Answer("region-stale-answer", "answers with the number of the request before", Freshness, Unexpected, slot =>
        {
            slot.Genuine.CopyTo(slot.Room);
            slot.Answer(slot.Genuine.Length, slot.Number - 1);
            slot.Ring();
        }),
        Answer("region-early-bell", "rings before it has answered", Integrity, Unexpected, slot => slot.Ring()),
        Answer("region-double-bell", "rings twice for one frame", Integrity, Unexpected, slot =>
        {
            slot.Fill(slot.Genuine);
            slot.Ring();
        }),
        Answer("region-bell-of-no-slot", "rings for a slot that there is not", Integrity, Unexpected, slot => slot.Ring(slot.Slots)),
        new RegionAttack(
            FrameAttacks.Card("region-change-while-read", "goes on changing frames after it has rung, while the device reads them", Integrity, Forged),
            slot => slot.Stream == Streams.Victim,
            ChangeWhileRead,
            everyTime: true),
    ];

    private static RegionAttack Lie(string name, string deed, string code, Func<RegionSlot, int> length) => Answer(name, deed, Integrity, code, slot =>
    {
        slot.Genuine.CopyTo(slot.Room);
        slot.Answer(length(slot));
        slot.Ring();
    });

    private static RegionAttack Answer(string name, string deed, SecurityProperty tests, string code, Action<RegionSlot> answer) =>
        new(FrameAttacks.Card(name, deed, tests, code), slot => slot is { Stream: Streams.Victim, Index: 0 }, answer);

    private static ByteString Copy(RegionSlot slot) => ByteString.CopyFrom(slot.Genuine.Span);

    // Right once in 256 writes: a device that looked twice would see two frames, and one that copies once gets a wrong one before long.
    private static void ChangeWhileRead(RegionSlot slot)
    {
        slot.Genuine.CopyTo(slot.Room);
        slot.Answer(slot.Genuine.Length);
        using var begun = new ManualResetEventSlim();
        bool over = false;
        var writing = new Thread(() =>
        {
            while (!Volatile.Read(ref over))
            {
                unchecked
                {
                    slot.Room.Span[WithinTheCiphertext]++;
                }

                begun.Set();
            }

            slot.Room.Span[WithinTheCiphertext] = (byte)(slot.Genuine.Span[WithinTheCiphertext] ^ 0xFF);
        });
        writing.Start();
        begun.Wait();
        try
        {
            slot.Ring();
            writing.Join(s_writing);
        }
        finally
        {
            // Also if the device has hung up: the region is gone soon after.
            Volatile.Write(ref over, true);
            writing.Join();
        }
    }

    /// <summary>In the second epoch, leaves in the slot of the first frame what was asked for last in the first.</summary>
    private sealed class StaleFrame() : Attack(FrameAttacks.Card(
        "region-stale-frame", "rings for a slot in which the last frame of the epoch before stands", Freshness, Misplaced))
    {
        private ReadOnlyMemory<byte> _last;

        public override Action<RegionSlot> InRegion => slot =>
        {
            bool again = slot is { Stream: Streams.Victim, Index: 0 } && !_last.IsEmpty && !Happened;
            if (again)
            {
                Strike();
            }

            slot.Fill(again ? _last : slot.Genuine);
            _last = slot is { Stream: Streams.Victim, Index: > 0 } ? slot.Genuine : _last;
        };
    }
}
