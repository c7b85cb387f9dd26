using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Frames altered, cut, moved, and taken from elsewhere.</summary>
internal static class FrameAttacks
{
    private const string Forged = "device-frame-forged";
    private const string Misplaced = "device-frame-misplaced";
    private const string Substituted = "device-frame-substituted";
    private const string Unexpected = "device-transfer-unexpected";

    private const int IvSize = 12;
    private const int TagSize = 16;

    // More than the largest frame with everything around it.
    private const int Oversize = 17 << 20;

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        .. Altered(),
        .. Moved(material.Earlier),
        new ReplayFrame(),
        new SwapFrames(epoch: 1, Card("swap-frames", "gives the device the second frame for the first, and the first for the second", Integrity, Misplaced)),
        new SwapFrames(epoch: 2, Card("swap-frames-later", "swaps two frames in the second epoch, when both have been read before", Integrity, Misplaced)),
        new ReplaceFrame(2, Card("flip-bit-later", "flips a bit of a frame in the second epoch, when it has been read before", Integrity, Forged), Bytes.Flip),
        new ReplaceFrame(
            1,
            Card("reseal-frame", "and a party collude: it seals other records in a frame's place, under its own key, after all have signed", Binding, Substituted),
            frame => Resealing.Of(material, frame)),
        new ReplaceFrame(
            2,
            Card("reseal-frame-later", "and a party collude: it seals other records in a frame's place for the second epoch only", Binding, Substituted),
            frame => Resealing.Of(material, frame)),
    ];

    private static IEnumerable<Attack> Altered() =>
    [
        Alter("flip-bit", "flips one bit of a frame's ciphertext", Forged, data => Bytes.Flip(data)),
        Alter("flip-tag-bit", "flips one bit of a frame's tag", Forged, data => Bytes.Flip(data, -TagSize)),
        Alter("flip-iv-bit", "flips one bit of the IV in a frame", Forged, data => Bytes.Flip(data, IvSize - 1)),
        Alter("fill-iv-padding", "sets a bit in the padding behind the IV", Forged, data => Bytes.Flip(data, IvSize)),
        Alter("truncate-frame", "cuts the end off a frame", Forged, data => Bytes.Cut(data, 7)),
        Alter("extend-frame", "appends a byte to a frame", Forged, data => Bytes.Append(data, 0)),
        Alter("double-frame", "sends a frame twice in one message", Forged, data => Bytes.Append(data, data.Span)),
        Alter("empty-frame", "sends an empty frame", Forged, _ => ByteString.Empty),
        Alter("zero-frame", "sends a frame of zeros", Forged, data => ByteString.CopyFrom(new byte[data.Length])),
        Alter("oversize-frame", "sends a frame larger than any", Unexpected, _ => ByteString.CopyFrom(new byte[Oversize])),
        Alter("flip-program-bit", "flips one bit of the program", Forged, data => Bytes.Flip(data), Streams.Program),
    ];

    private static IEnumerable<Attack> Moved(Recording earlier) =>
    [
        Answer("duplicate-frame", "answers one question twice", Integrity, Unexpected, transfer => [transfer, transfer]),
        Answer("relabel-frame", "says that a frame is one of a later position", Integrity, Unexpected, transfer =>
        {
            transfer.Frame.Index += 7;
            return [transfer];
        }),
        Answer("relabel-stream", "says that a frame is one of another party's stream", Binding, Unexpected, transfer =>
        {
            transfer.Frame.Stream = Streams.Other;
            return [transfer];
        }),
        Answer("unrequested-frame", "sends a genuine frame that the device did not ask for", Integrity, Unexpected, transfer =>
            [Frame(Streams.OfProgramOwner, 1, earlier.Frames[(Streams.OfProgramOwner, 1)]), transfer]),
        Answer("withhold-frame", "says that it has lost a frame", Integrity, "device-data-unavailable", transfer =>
            [new HostTransfer { Unavailable = new Unavailable { Stream = transfer.Frame.Stream, Index = transfer.Frame.Index, Reason = "lost" } }]),
        Answer("splice-other-party", "answers with another party's frame of the same number", Binding, Forged, transfer =>
            [Frame(transfer, earlier.Frames[(Streams.Other, transfer.Frame.Index)])]),
        new AnswerAttack(
            Card("splice-same-owner", "answers with a frame of another stream of the same owner", Binding, Forged),
            transfer => transfer.Frame is { Stream: Streams.Program },
            transfer => [Frame(transfer, earlier.Frames[(Streams.OfProgramOwner, 0)])]),
    ];

    internal static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Device, code);

    internal static HostTransfer Frame(HostTransfer asked, ByteString data) => Frame(asked.Frame.Stream, asked.Frame.Index, data);

    private static HostTransfer Frame(uint stream, ulong index, ByteString data) => new() { Frame = new Frame { Stream = stream, Index = index, Data = data } };

    private static AnswerAttack Alter(string name, string deed, string code, Func<ByteString, ByteString> alter, uint stream = Streams.Victim) => new(
        Card(name, deed, Integrity, code), transfer => transfer.Frame?.Stream == stream, transfer => [Frame(transfer, alter(transfer.Frame.Data))]);

    private static AnswerAttack Answer(string name, string deed, SecurityProperty tests, string code, Func<HostTransfer, IEnumerable<HostTransfer>> answer) =>
        new(Card(name, deed, tests, code), transfer => transfer.Frame is { Stream: Streams.Victim }, answer);
}
