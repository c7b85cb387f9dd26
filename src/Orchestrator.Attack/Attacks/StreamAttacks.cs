using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.Streams;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Prologues and leaf hashes altered, whole streams exchanged, transfers broken off.</summary>
internal static class StreamAttacks
{
    private const string Substituted = "device-stream-substituted";
    private const string Unexpected = "device-transfer-unexpected";

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        .. OnLeaves(material.Earlier),
        .. OnPrologues(material.Earlier),
        .. OnTransfers(),
        new PassOff(Card("swap-streams", "passes one party's stream off as another's", Binding, Substituted), Streams.Victim, Streams.Other),
        new PassOff(Card("data-as-program", "passes a party's data off as the program", Binding, Substituted), Streams.Program, Streams.Victim),
        new ServeOlderVersion(material),
        new ResealStream(material),
    ];

    private static IEnumerable<Attack> OnLeaves(Recording earlier) =>
    [
        Leaves("flip-leaf-bit", "flips a bit of a leaf hash", Integrity, Substituted, hashes => Bytes.Flip(hashes)),
        Leaves("swap-leaves", "states two leaf hashes in the other order", Integrity, Substituted, hashes => ByteString.CopyFrom(
            [.. hashes.Span[Bytes.HashSize..(2 * Bytes.HashSize)], .. hashes.Span[..Bytes.HashSize], .. hashes.Span[(2 * Bytes.HashSize)..]])),
        Leaves("leaves-of-other-stream", "states the leaf hashes of another party's stream", Binding, Substituted, _ => earlier.Leaves[Streams.Other]),
        Leaves("truncate-stream", "keeps back the last frame of a stream, and its leaf hash", Integrity, Unexpected, hashes => Bytes.Cut(hashes, Bytes.HashSize)),
        Leaves("extend-stream", "appends the first frame's hash to a stream's leaf hashes", Integrity, Unexpected, hashes => Bytes.Append(hashes, hashes.Span[..Bytes.HashSize])),
        Leaves("split-leaf", "sends half a leaf hash", Integrity, Unexpected, hashes => Bytes.Cut(hashes, Bytes.HashSize / 2)),
        Leaves("no-leaves", "sends no leaf hash", Integrity, Unexpected, _ => ByteString.Empty),
    ];

    private static IEnumerable<Attack> OnPrologues(Recording earlier) =>
    [
        Prologue("flip-prologue-bit", "flips a bit of a stream's header", Integrity, data => Bytes.Flip(data)),
        Prologue("foreign-magic", "gives a stream another magic number", Integrity, data => Bytes.Flip(data, 0)),
        Prologue("extend-prologue", "appends a byte to a stream's prologue", Integrity, data => Bytes.Append(data, 0)),
        Prologue("empty-prologue", "sends an empty prologue", Integrity, _ => ByteString.Empty),
        Prologue("prologue-of-other-stream", "sends the prologue of another party's stream", Binding, _ => earlier.Prologues[Streams.Other]),
    ];

    private static IEnumerable<Attack> OnTransfers() =>
    [
        Mid("hang-up", "ends the transfer before the data does", Integrity, "device-host-lost", _ => [Attack.HangUp]),
        Mid("cancel-then-answer", "calls the run off, and goes on answering", Integrity, "device-run-cancelled", transfer =>
            [new HostTransfer { Cancel = new CancelRun { Reason = "changed its mind" } }, transfer]),
        Mid("start-again", "starts the run anew in the middle", Freshness, Unexpected, transfer => [new HostTransfer { Start = new StartRun() }, transfer]),
        Mid("empty-message", "sends a message without content", Integrity, Unexpected, transfer => [new HostTransfer(), transfer]),
        new AnswerAttack(
            Card("no-start", "begins a transfer without StartRun", Integrity, Unexpected),
            transfer => transfer.Start is not null,
            _ => [new HostTransfer { Cancel = new CancelRun() }]),
    ];

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => FrameAttacks.Card(name, deed, tests, code);

    private static AnswerAttack Leaves(string name, string deed, SecurityProperty tests, string code, Func<ByteString, ByteString> alter) => new(
        Card(name, deed, tests, code),
        transfer => transfer.Leaves is { Stream: Streams.Victim },
        transfer => [new HostTransfer { Leaves = new Leaves(transfer.Leaves) { Hashes = alter(transfer.Leaves.Hashes) } }]);

    private static AnswerAttack Prologue(string name, string deed, SecurityProperty tests, Func<ByteString, ByteString> alter) => new(
        Card(name, deed, tests, Substituted),
        transfer => transfer.Prologue is { Stream: Streams.Victim },
        transfer => [new HostTransfer { Prologue = new Prologue { Stream = Streams.Victim, Data = alter(transfer.Prologue.Data) } }]);

    private static AnswerAttack Mid(string name, string deed, SecurityProperty tests, string code, Func<HostTransfer, IEnumerable<HostTransfer>> answer) =>
        new(Card(name, deed, tests, code), transfer => transfer.Frame is { Stream: Streams.Victim }, answer);
}

/// <summary>Two streams change places as a whole, whatever of them is asked for.</summary>
internal sealed class PassOff(AttackCard card, uint a, uint b) : Attack(card)
{
    public override IEnumerable<DeviceTransfer> OnDeviceTransfer(DeviceTransfer transfer)
    {
        if (transfer.ReadPrologue is { } prologue)
        {
            prologue.Stream = Other(prologue.Stream);
        }
        else if (transfer.ReadLeaves is { } leaves)
        {
            leaves.Stream = Other(leaves.Stream);
        }
        else if (transfer.ReadFrame is { } frame)
        {
            frame.Stream = Other(frame.Stream);
        }

        return [transfer];
    }

    public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Prologue is { } prologue)
        {
            prologue.Stream = Other(prologue.Stream);
        }
        else if (transfer.Leaves is { } leaves)
        {
            leaves.Stream = Other(leaves.Stream);
        }
        else if (transfer.Frame is { } frame)
        {
            frame.Stream = Other(frame.Stream);
        }
        else if (transfer.Unavailable is { } unavailable)
        {
            unavailable.Stream = Other(unavailable.Stream);
        }

        return [transfer];
    }

    private uint Other(uint stream)
    {
        if (stream != a && stream != b)
        {
            return stream;
        }

        Strike();
        return stream == a ? b : a;
    }
}

/// <summary>A stream is given in an older version, which its owner sealed before and no longer means.</summary>
internal sealed class ServeOlderVersion(AttackMaterial material) : Attack(FrameAttacks.Card(
    "older-version", "serves an older version of a party's file, whole and consistent in itself", Rollback, "device-stream-substituted"))
{
    public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Prologue is { Stream: Streams.Victim } prologue)
        {
            Strike();
            using FileStream older = File.OpenRead(material.OlderVersion);
            prologue.Data = ByteString.CopyFrom(StreamPrologue.Read(older).Bytes.Span);
        }
        else if (transfer.Leaves is { Stream: Streams.Victim } leaves)
        {
            leaves.Hashes = ByteString.CopyFrom(Leaves());
        }

        return [transfer];
    }

    private byte[] Leaves()
    {
        byte[] file = File.ReadAllBytes(material.OlderVersion);
        using var stream = new MemoryStream(file);
        StreamLayout layout = StreamLayout.Read(stream);
        var hashes = new List<byte>();
        for (long index = 0; index < layout.FrameCount; index++)
        {
            (long offset, int length) = layout.FrameRange(index);
            hashes.AddRange(MerkleTree.LeafHash(file.AsSpan((int)offset, length)).ToArray());
        }

        return [.. hashes];
    }
}
