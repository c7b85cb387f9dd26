using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Attacks;

/// <summary>Counts the readings of a stream: an epoch reads every frame once.</summary>
internal abstract class EpochAttack(AttackCard card) : Attack(card)
{
    private readonly Dictionary<ulong, int> _asked = [];

    public sealed override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Frame is not { Stream: Streams.Victim } frame)
        {
            return [transfer];
        }

        int epoch = _asked[frame.Index] = _asked.GetValueOrDefault(frame.Index) + 1;
        return [OnFrame(transfer, epoch)];
    }

    /// <summary>The device asked for a frame, for the <paramref name="epoch"/>th time.</summary>
    protected abstract HostTransfer OnFrame(HostTransfer transfer, int epoch);
}

/// <summary>Answers with other bytes for the first frame, in one epoch.</summary>
internal sealed class ReplaceFrame(int inEpoch, AttackCard card, Func<ByteString, ByteString> replace) : EpochAttack(card)
{
    protected override HostTransfer OnFrame(HostTransfer transfer, int epoch)
    {
        if (epoch != inEpoch || transfer.Frame.Index != 0)
        {
            return transfer;
        }

        Strike();
        return FrameAttacks.Frame(transfer, replace(transfer.Frame.Data));
    }
}

/// <summary>Swaps the first two frames in one epoch: their questions are exchanged, so the host itself answers with the wrong one.</summary>
internal sealed class SwapFrames(int epoch, AttackCard card) : Attack(card)
{
    private readonly Dictionary<ulong, int> _asked = [];
    private readonly HashSet<ulong> _swapped = [];

    public override IEnumerable<DeviceTransfer> OnDeviceTransfer(DeviceTransfer transfer)
    {
        if (transfer.ReadFrame is { Stream: Streams.Victim, Index: <= 1 } read)
        {
            int asked = _asked[read.Index] = _asked.GetValueOrDefault(read.Index) + 1;
            if (asked == epoch)
            {
                Strike();
                read.Index = 1 - read.Index;
                _swapped.Add(read.Index);
            }
        }

        return [transfer];
    }

    public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Frame is { Stream: Streams.Victim } frame && _swapped.Remove(frame.Index))
        {
            frame.Index = 1 - frame.Index;
        }

        return [transfer];
    }
}

/// <summary>Gives a genuine frame again in the place of the next.</summary>
internal sealed class ReplayFrame() : EpochAttack(FrameAttacks.Card(
    "replay-frame", "gives the device a frame that it has had, in the place of the next", SecurityProperty.Integrity, "device-frame-misplaced"))
{
    private ByteString? _had;

    protected override HostTransfer OnFrame(HostTransfer transfer, int epoch)
    {
        if (_had is null)
        {
            _had = transfer.Frame.Data;
            return transfer;
        }

        Strike();
        return FrameAttacks.Frame(transfer, _had);
    }
}
