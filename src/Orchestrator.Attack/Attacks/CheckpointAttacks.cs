using Google.Protobuf;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Checkpoints taken back, altered, invented; jobs resumed twice or elsewhere.</summary>
internal static class CheckpointAttacks
{
    private const string Foreign = "checkpoint-foreign";
    private const string Unexpected = "release-checkpoint-unexpected";
    private const string Forged = "device-checkpoint-forged";
    private const string Statement = "checkpoint-statement-invalid";

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        .. Offered(material),
        .. Altered(material),
        .. Stated(material),
        .. Forked(material),
    ];

    private static IEnumerable<Attack> Offered(AttackMaterial material) =>
    [
        Offer(material, "roll-checkpoint-back", "resumes from an older checkpoint than the parties have seen", Rollback, Watcher.Agents, Unexpected, (_, copies, _) => copies[1].Offer(), after: 2),
        Offer(material, "withhold-checkpoint", "begins a job anew of which the parties have seen a checkpoint", Rollback, Watcher.Agents, Unexpected, (_, _, _) => null),
        Offer(material, "other-checkpoint-of-number", "resumes from another checkpoint of the number that the parties have seen", Fork, Watcher.Agents, Unexpected, (_, _, job) =>
            CheckpointCopy.Invent(job, 1).Offer()),
        Offer(material, "invent-newer-checkpoint", "resumes from a later checkpoint, of its own making", Integrity, Watcher.Device, Forged, (_, _, job) => CheckpointCopy.Invent(job, 2).Offer()),
        Offer(material, "resume-other-job", "resumes from a checkpoint of another job", Binding, Watcher.Device, Foreign, (_, _, _) => material.Earlier.Checkpoints[1].Offer()),
        Offer(material, "checkpoint-after-the-end", "offers a checkpoint of an epoch after which the job writes none", Integrity, Watcher.Device, Foreign, (_, _, job) => CheckpointCopy.Invent(job, 3).Offer()),
        Offer(material, "cut-checkpoint-digest", "offers a checkpoint with half a digest", Integrity, Watcher.Device, Foreign, (offer, _, _) => new CheckpointOffer(offer) { Digest = Bytes.Cut(offer.Digest, 16) }),
        Offer(material, "checkpoint-without-frames", "offers a checkpoint of no frames", Integrity, Watcher.Device, Foreign, (offer, _, _) => new CheckpointOffer(offer) { Frames = 0 }),
        Offer(material, "huge-checkpoint", "offers a checkpoint of more frames than any has", Integrity, Watcher.Device, Foreign, (offer, _, _) => new CheckpointOffer(offer) { Frames = ulong.MaxValue }),
        Offer(material, "truncate-checkpoint-prologue", "cuts the end off a checkpoint's prologue", Integrity, Watcher.Device, Foreign, (offer, _, _) => new CheckpointOffer(offer) { Prologue = Bytes.Cut(offer.Prologue, 1) }),
        Offer(material, "flip-checkpoint-commitment", "flips a bit of a checkpoint's key commitment", Integrity, Watcher.Device, Forged, (offer, _, _) =>
            new CheckpointOffer(offer) { Prologue = Bytes.Flip(offer.Prologue, -1) }),
        Offer(material, "prologue-of-older-checkpoint", "offers the newest checkpoint's digest with an older one's prologue", Rollback, Watcher.Agents, Unexpected, (offer, copies, _) =>
            new CheckpointOffer(offer) { Prologue = copies[1].Prologue }, after: 2),
        new LoadAttack(Card("resume-unbegun", "resumes a job that has never run, from a checkpoint of its own making", Integrity, Watcher.Agents, Unexpected), request =>
            new LoadRequest(request) { Checkpoint = CheckpointCopy.Invent(Manifest.Decode(request.Manifest.Memory).Digest, 1).Offer() }, checkpointEveryEpochs: 1),
        new LoadAttack(Card("resume-unwanted", "resumes a job that writes no checkpoints", Integrity, Watcher.Device, Foreign), request =>
            new LoadRequest(request) { Checkpoint = CheckpointCopy.Invent(Manifest.Decode(request.Manifest.Memory).Digest, 1).Offer() }),
    ];

    private static IEnumerable<Attack> Altered(AttackMaterial material) =>
    [
        Data(material, "flip-checkpoint-bit", "flips a bit of a checkpoint's frame", Integrity, (transfer, _) => Frame(transfer, frame => Bytes.Flip(frame))),
        Data(material, "truncate-checkpoint-frame", "cuts the end off a checkpoint's frame", Integrity, (transfer, _) => Frame(transfer, frame => Bytes.Cut(frame, 1))),
        Data(material, "extend-checkpoint-frame", "appends a byte to a checkpoint's frame", Integrity, (transfer, _) => Frame(transfer, frame => Bytes.Append(frame, 0))),
        Data(material, "splice-checkpoint-frame", "puts an older checkpoint's frame into the newest", Rollback, (transfer, copies) => Frame(transfer, _ => copies[1].Frames[0]), after: 2),
        Data(material, "frame-of-other-job", "puts the frame of another job's checkpoint into this one's", Binding, (transfer, _) => Frame(transfer, _ => material.Earlier.Checkpoints[1].Frames[0])),
        Data(material, "flip-checkpoint-leaf", "flips a bit of a checkpoint's leaf hash", Integrity, (transfer, _) => Leaves(transfer, leaves => Bytes.Flip(leaves))),
        Data(material, "leaves-of-older-checkpoint", "states the leaf hashes of an older checkpoint", Rollback, (transfer, copies) => Leaves(transfer, _ => copies[1].Leaves), after: 2),
    ];

    // What the agents do not believe, the host resumes from all the same.
    private static IEnumerable<Attack> Stated(AttackMaterial material) =>
    [
        State(material, "flip-statement-bit", "flips a bit of a checkpoint's statement", Integrity, statement => Bytes.Flip(statement)),
        State(material, "sign-statement-anew", "signs a checkpoint's statement with a key of its own", Integrity, statement => SignedParts.Of(statement).SignedAnew()),
        State(material, "statement-of-other-session", "gives the parties a genuine statement of an earlier session", Freshness, _ => material.Earlier.Checkpoints[1].Statement),
        State(material, "truncate-statement", "cuts the end off a checkpoint's statement", Integrity, statement => Bytes.Cut(statement, 1)),
    ];

    private static IEnumerable<Attack> Forked(AttackMaterial material) =>
    [
        new ResumeElsewhere(Card("resume-elsewhere", "resumes a job on another genuine device, as the first might still run", Fork, Watcher.Agents, "release-session-forked"), material, showsOther: true),
        new ResumeElsewhere(Card("resume-twice", "resumes a job on its device and on another at a time", Fork, Watcher.Device, "key-package-invalid"), material, showsOther: false),
        new ReplayPackages(Card("resume-with-old-packages", "hands the session that resumes the key packages of the one before", Freshness, Watcher.Device, "key-package-invalid"), material),
        new RollDeviceBack(Card("roll-device-back", "puts the device's whole state back to before the session, and resumes", Fork, Watcher.Agents, "release-session-forked"), material),
        new PutCollateralBack(Card("put-collateral-back", "shows the parties the vendor's collateral from before the last, which may revoke the device", Rollback, Watcher.Agents, "attestation-collateral-rolled-back"), material),
        new ReviewAttack(Card("renew-device", "puts the device's whole state back to when it was new, before a job that is", Rollback, Watcher.Agents, "release-device-rolled-back"), (_, _) => material.Device.RenewAsync()),
        new ReviewAttack(Card("put-boot-counter-back", "puts the device's boot counter back and restarts it", Rollback, Watcher.Device, "device-counter-rolled-back"), (_, _) => PutCounterBackAsync(material)),
    ];

    private static AttackCard Card(string name, string deed, SecurityProperty tests, Watcher watcher, string code) => new(name, deed, tests, watcher, code);

    private static OfferAttack Offer(
        AttackMaterial material, string name, string deed, SecurityProperty tests, Watcher watcher, string code, Func<CheckpointOffer, CheckpointCopies, Digest, CheckpointOffer?> offer, uint after = 1) =>
        new(Card(name, deed, tests, watcher, code), material, after, offer);

    private static CheckpointDataAttack Data(
        AttackMaterial material, string name, string deed, SecurityProperty tests, Func<HostTransfer, CheckpointCopies, HostTransfer?> answer, uint after = 1) =>
        new(Card(name, deed, tests, Watcher.Device, Forged), material, after, answer);

    private static StatementAttack State(AttackMaterial material, string name, string deed, SecurityProperty tests, Func<ByteString, ByteString> alter) =>
        new(Card(name, deed, tests, Watcher.Agents, Statement), material, alter);

    // Two boots: the copy is written last, so that one boot behind is what a crash leaves.
    private static async Task PutCounterBackAsync(AttackMaterial material)
    {
        material.Device.TakeSnapshot();
        await material.Device.RebootAsync();
        await material.Device.RebootAsync();
        await material.Device.PutCounterBackAsync();
    }

    private static HostTransfer? Frame(HostTransfer transfer, Func<ByteString, ByteString> alter) =>
        transfer.Frame is { } frame ? new HostTransfer { Frame = new Frame(frame) { Data = alter(frame.Data) } } : null;

    private static HostTransfer? Leaves(HostTransfer transfer, Func<ByteString, ByteString> alter) =>
        transfer.Leaves is { } leaves ? new HostTransfer { Leaves = new Leaves(leaves) { Hashes = alter(leaves.Hashes) } } : null;
}
