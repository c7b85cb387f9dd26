using Google.Protobuf;
using Orchestrator.Attack.Ranges;
using Orchestrator.Attack.Relay;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Attacks;

/// <summary>
/// Lets a job lose its device when every party has seen a checkpoint; the host, which knows of nothing, then resumes it.
/// Until the device is lost its messages pass one after the other, so that the parties see every checkpoint.
/// </summary>
/// <param name="card">What it is.</param>
/// <param name="material">Has the agents' log.</param>
/// <param name="after">The number of the checkpoint after which the device is lost.</param>
internal abstract class LostDevice(AttackCard card, AttackMaterial material, uint after = 1) : Attack(card)
{
    /// <summary>The host has been told.</summary>
    protected bool IsLost { get; private set; }

    public override int CheckpointEveryEpochs => 1;

    /// <summary>The agents' log, and other devices.</summary>
    protected AttackMaterial Material => material;

    /// <summary>Sessions that have begun.</summary>
    protected int Sessions { get; private set; }

    /// <summary>The first session's, until it was lost.</summary>
    protected CheckpointCopies Copies { get; } = new();

    /// <summary>What is loaded.</summary>
    protected Digest Job { get; private set; }

    public sealed override LoadRequest OnLoad(LoadRequest request)
    {
        Sessions++;
        Job = Manifest.Decode(request.Manifest.Memory).Digest;
        return Sessions == 1 ? request : OnResume(request);
    }

    public override async Task DuringRunAsync(DeviceTransfer message, DeviceLine device)
    {
        if (Sessions == 1 && Copies.Newest > 0)
        {
            await material.Agents.AllAsync(Job, Awaited, Copies.Newest);
        }
    }

    public sealed override IEnumerable<DeviceTransfer> OnDeviceTransfer(DeviceTransfer transfer)
    {
        if (Sessions > 1)
        {
            return [transfer];
        }

        if (Copies.Newest < after)
        {
            Copies.Take(transfer);
            return [OnCheckpoint(transfer)];
        }

        bool first = !IsLost;
        IsLost = true;
        return first ? [new DeviceTransfer { Exception = new ErrorDetail { Code = "device-tiles-lost", Message = "The tiles are gone." } }] : [];
    }

    /// <summary>What every agent reports when it is given a checkpoint's statement.</summary>
    protected virtual ReleaseEventKind Awaited => ReleaseEventKind.CheckpointSeen;

    /// <summary>Pieces of checkpoints, and everything else, on their way to the host.</summary>
    protected virtual DeviceTransfer OnCheckpoint(DeviceTransfer transfer) => transfer;

    /// <summary>The host resumes the job.</summary>
    protected abstract LoadRequest OnResume(LoadRequest request);
}

/// <summary>Offers something else to resume from than the newest checkpoint.</summary>
internal sealed class OfferAttack(AttackCard card, AttackMaterial material, uint after, Func<CheckpointOffer, CheckpointCopies, Digest, CheckpointOffer?> offer) : LostDevice(card, material, after)
{
    protected override LoadRequest OnResume(LoadRequest request)
    {
        Strike();
        return new LoadRequest(request) { Checkpoint = offer(request.Checkpoint, Copies, Job) };
    }
}

/// <summary>Gives other frames or leaf hashes than those of the checkpoint that was quoted.</summary>
internal sealed class CheckpointDataAttack(
    AttackCard card, AttackMaterial material, uint after, Func<HostTransfer, CheckpointCopies, HostTransfer?> answer) : LostDevice(card, material, after)
{
    private const uint Checkpoint = 0;

    public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        if ((transfer.Frame?.Stream ?? transfer.Leaves?.Stream) == Checkpoint && answer(transfer, Copies) is { } other)
        {
            Strike();
            return [other];
        }

        return [transfer];
    }

    protected override LoadRequest OnResume(LoadRequest request) => request;
}

/// <summary>Gives the agents something else than the device's statement, and resumes from what no device has stated.</summary>
internal sealed class StatementAttack(AttackCard card, AttackMaterial material, Func<ByteString, ByteString> alter) : LostDevice(card, material)
{
    protected override ReleaseEventKind Awaited => ReleaseEventKind.Refused;

    protected override DeviceTransfer OnCheckpoint(DeviceTransfer transfer)
    {
        if (transfer.WriteCheckpoint is { Statement.IsEmpty: false } piece)
        {
            Strike();
            return new DeviceTransfer { WriteCheckpoint = new WriteCheckpoint(piece) { Statement = alter(piece.Statement) } };
        }

        return transfer;
    }

    protected override LoadRequest OnResume(LoadRequest request) => new(request) { Checkpoint = CheckpointCopy.Invent(Job, 2).Offer() };
}

/// <summary>Resumes a job on a second genuine device: instead of the first, or besides.</summary>
internal sealed class ResumeElsewhere(AttackCard card, AttackMaterial material, bool showsOther) : LostDevice(card, material)
{
    private readonly OtherSession _other = new(material);
    private LoadRequest? _load;

    public override async Task BeforeCommandAsync(MailboxCommand command, DeviceLine device)
    {
        if (Sessions > 1 && command == MailboxCommand.Quote)
        {
            await _other.QuoteAsync(_load!);
        }
        else if (Sessions > 1 && command == MailboxCommand.Commit)
        {
            Strike();
            await _other.StageAsync();
        }
    }

    public override QuoteReply OnQuote(QuoteReply reply)
    {
        if (Sessions < 2 || !showsOther)
        {
            return reply;
        }

        Strike();
        return _other.Quote!;
    }

    public override StageRequest OnStage(StageRequest request) => Sessions > 1 ? _other.Keep(request) : request;

    protected override LoadRequest OnResume(LoadRequest request) => _load = request;
}

/// <summary>Hands the session that resumes the key packages of the one that was lost.</summary>
internal sealed class ReplayPackages(AttackCard card, AttackMaterial material) : LostDevice(card, material)
{
    private readonly Dictionary<string, StageRequest> _first = [];

    public override StageRequest OnStage(StageRequest request)
    {
        if (_first.TryAdd(request.Party, request))
        {
            return request;
        }

        Strike();
        return _first[request.Party];
    }

    protected override LoadRequest OnResume(LoadRequest request) => request;
}

/// <summary>Puts the device's whole state folder back to before the session that was lost, so that a boot number comes a second time.</summary>
internal sealed class RollDeviceBack(AttackCard card, AttackMaterial material) : LostDevice(card, material)
{
    private const int Boots = 4;

    public override async Task BeforeCommandAsync(MailboxCommand command, DeviceLine device)
    {
        if (command != MailboxCommand.Reset || Happened)
        {
            return;
        }

        if (Sessions == 0)
        {
            Material.Device.TakeSnapshot();
            for (int boot = 0; boot < Boots; boot++)
            {
                await device.Mailbox.ResetAsync(new ResetRequest());
            }
        }
        else if (IsLost)
        {
            Strike();
            await Material.Device.RollBackAsync();
        }
    }

    protected override LoadRequest OnResume(LoadRequest request) => request;
}

/// <summary>Puts the vendor's collateral back to what it was before the job, once the parties have used newer.</summary>
internal sealed class PutCollateralBack(AttackCard card, AttackMaterial material) : LostDevice(card, material)
{
    public override Task BeforeReviewAsync(HostileHost host, Digest job) => Material.Device.ReplaceCollateralAsync();

    protected override LoadRequest OnResume(LoadRequest request)
    {
        Strike();
        Material.Device.PutCollateralBack();
        return request;
    }
}
