using Grpc.Core;
using Orchestrator.Attack.Groups;
using Orchestrator.Attack.Ranges;
using Orchestrator.Attack.Relay;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;

namespace Orchestrator.Attack.Attacks;

/// <summary>Gives other answers than the device asked for: to the first question that fits, or to all.</summary>
internal sealed class AnswerAttack(AttackCard card, Func<HostTransfer, bool> fits, Func<HostTransfer, IEnumerable<HostTransfer>> answer, bool everyTime = false) : Attack(card)
{
    public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        if (!fits(transfer) || (Happened && !everyTime))
        {
            return [transfer];
        }

        Strike();
        return answer(transfer);
    }
}

/// <summary>Fills the device's region with something else: the first time that a question fits, or every time.</summary>
internal sealed class RegionAttack(AttackCard card, Func<RegionSlot, bool> fits, Action<RegionSlot> deed, bool everyTime = false) : Attack(card)
{
    public override Action<RegionSlot> InRegion => slot =>
    {
        if (!fits(slot) || (Happened && !everyTime))
        {
            slot.Fill(slot.Genuine);
            return;
        }

        Strike();
        deed(slot);
    };
}

/// <summary>Loads something else.</summary>
internal sealed class LoadAttack(AttackCard card, Func<LoadRequest, LoadRequest> alter, int checkpointEveryEpochs = 0, bool staged = false) : Attack(card)
{
    public override bool IsStaged => staged;

    public override int CheckpointEveryEpochs => checkpointEveryEpochs;

    public override LoadRequest OnLoad(LoadRequest request)
    {
        Strike();
        return alter(request);
    }
}

/// <summary>Has a hostile shim run the job's prepare stage.</summary>
internal sealed class ShimAttack : Attack
{
    /// <param name="card">What it is.</param>
    /// <param name="make">Makes the mischief, which calls what it is given when the deed is done.</param>
    public ShimAttack(AttackCard card, Func<Action, StageMischief> make)
        : base(card) => Stage = make(Strike);

    public override bool IsStaged => true;

    public override StageMischief Stage { get; }
}

/// <summary>Shows the parties something else than the device's quote.</summary>
internal sealed class QuoteAttack(AttackCard card, Func<QuoteReply, QuoteReply> alter) : Attack(card)
{
    public override QuoteReply OnQuote(QuoteReply reply)
    {
        Strike();
        return alter(reply);
    }
}

/// <summary>Stages something else than a party's key package; sees the quote that it is for.</summary>
internal sealed class StageAttack(AttackCard card, Func<StageRequest, QuoteReply, StageRequest> alter) : Attack(card)
{
    private QuoteReply? _quote;

    public override QuoteReply OnQuote(QuoteReply reply) => _quote = reply;

    public override StageRequest OnStage(StageRequest request)
    {
        Strike();
        return alter(request, _quote!);
    }
}

/// <summary>Gives the device a command of its own before one of the host's, the first time that one comes.</summary>
internal sealed class CommandAttack(AttackCard card, MailboxCommand before, Func<DeviceLine, Task> deed, int skip = 0) : Attack(card)
{
    private int _skip = skip;

    public override async Task BeforeCommandAsync(MailboxCommand command, DeviceLine device)
    {
        if (command == before && !Happened && _skip-- == 0)
        {
            Strike();
            await TryAsync(device);
        }
    }

    // A device that finds a command out of order may have restarted, so that the host would try again; this one gives up.
    private async Task TryAsync(DeviceLine device)
    {
        try
        {
            await deed(device);
        }
        catch (RpcException e)
        {
            Refusal = RpcErrors.FromRpc(e);
            throw new RpcException(new Status(StatusCode.Internal, "The host gives the session up."));
        }
    }
}

/// <summary>Gives the device a command of its own while it runs and waits for a frame.</summary>
internal sealed class MidRunAttack(AttackCard card, Func<DeviceLine, Task> deed) : Attack(card)
{
    public override async Task DuringRunAsync(DeviceTransfer message, DeviceLine device)
    {
        if (message.ReadFrame is { Stream: Streams.Victim } && !Happened)
        {
            Strike();
            await deed(device);
        }
    }
}

/// <summary>Keeps something else than the device hands out.</summary>
internal sealed class OutputAttack(AttackCard card, Func<DeviceTransfer, bool> fits, Func<DeviceTransfer, IEnumerable<DeviceTransfer>> alter) : Attack(card)
{
    public override IEnumerable<DeviceTransfer> OnDeviceTransfer(DeviceTransfer transfer)
    {
        if (!fits(transfer))
        {
            return [transfer];
        }

        Strike();
        return alter(transfer);
    }
}

/// <summary>Changes what the host stores before the other parties review a job.</summary>
internal sealed class ReviewAttack(AttackCard card, Func<HostileHost, Digest, Task> deed) : Attack(card)
{
    public override Task BeforeReviewAsync(HostileHost host, Digest job)
    {
        Strike();
        return deed(host, job);
    }
}

/// <summary>Changes what the host stores before the receiver fetches a result.</summary>
internal sealed class ResultAttack(AttackCard card, Func<HostileHost, Digest, Task> deed) : Attack(card)
{
    public override Task BeforeResultAsync(HostileHost host, Digest job)
    {
        Strike();
        return deed(host, job);
    }
}

/// <summary>Rents the parties a device that is not what it should be; messages pass unchanged.</summary>
internal sealed class DeviceAttack(AttackCard card, params IReadOnlyList<string> options) : Attack(card)
{
    public override IReadOnlyList<string> DeviceOptions => options;

    public override QuoteReply OnQuote(QuoteReply reply)
    {
        Strike();
        return reply;
    }
}
