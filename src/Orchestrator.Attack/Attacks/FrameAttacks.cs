using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Attacks;

/// <summary>One bit of a frame's ciphertext is flipped.</summary>
public sealed class FlipBit : Attack
{
    /// <inheritdoc/>
    public override string Name => "flip-bit";

    /// <inheritdoc/>
    public override string Deed => "flips one bit of a frame";

    /// <inheritdoc/>
    public override string StoppedBy => "device-frame-forged";

    /// <inheritdoc/>
    public override HostTransfer OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Frame is { } frame)
        {
            byte[] altered = frame.Data.ToByteArray();
            altered[altered.Length / 2] ^= 0x04;
            frame.Data = UnsafeByteOperations.UnsafeWrap(altered);
        }

        return transfer;
    }
}

/// <summary>The last bytes of a frame are cut off.</summary>
public sealed class TruncateFrame : Attack
{
    /// <inheritdoc/>
    public override string Name => "truncate-frame";

    /// <inheritdoc/>
    public override string Deed => "cuts the end off a frame";

    /// <inheritdoc/>
    public override string StoppedBy => "device-frame-forged";

    /// <inheritdoc/>
    public override HostTransfer OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Frame is { } frame)
        {
            frame.Data = UnsafeByteOperations.UnsafeWrap(frame.Data.Memory[..(frame.Data.Length - 7)]);
        }

        return transfer;
    }
}

/// <summary>Two genuine frames of one stream change places.</summary>
public sealed class SwapFrames : Attack
{
    /// <inheritdoc/>
    public override string Name => "swap-frames";

    /// <inheritdoc/>
    public override string Deed => "gives the device the second frame for the first, and the first for the second";

    /// <inheritdoc/>
    public override string StoppedBy => "device-frame-misplaced";

    private readonly LongStream _victim = new();

    /// <inheritdoc/>
    public override DeviceTransfer OnDeviceTransfer(DeviceTransfer transfer)
    {
        if (transfer.ReadFrame is { Index: <= 1 } read && _victim.Is(read.Stream))
        {
            read.Index = 1 - read.Index;
        }

        return transfer;
    }

    /// <inheritdoc/>
    public override HostTransfer OnHostTransfer(HostTransfer transfer)
    {
        _victim.Look(transfer);
        if (transfer.Frame is { Index: <= 1 } frame && _victim.Is(frame.Stream))
        {
            frame.Index = 1 - frame.Index;
        }

        return transfer;
    }
}

/// <summary>A genuine frame is given again in the place of the next.</summary>
public sealed class ReplayFrame : Attack
{
    private readonly LongStream _victim = new();
    private ByteString? _first;

    /// <inheritdoc/>
    public override string Name => "replay-frame";

    /// <inheritdoc/>
    public override string Deed => "gives the device a frame that it has had, in the place of the next";

    /// <inheritdoc/>
    public override string StoppedBy => "device-frame-misplaced";

    /// <inheritdoc/>
    public override HostTransfer OnHostTransfer(HostTransfer transfer)
    {
        _victim.Look(transfer);
        if (transfer.Frame is { } frame && _victim.Is(frame.Stream))
        {
            _first ??= frame.Data;
            frame.Data = _first;
        }

        return transfer;
    }
}

/// <summary>The first stream that is seen to have more than one full frame.</summary>
internal sealed class LongStream
{
    // The last frame is shorter than the rest: three leaves mean two full frames.
    private const int Leaves = 3;
    private uint? _stream;

    public bool Is(uint stream) => Volatile.Read(ref _known) && _stream == stream;

    private bool _known;

    public void Look(HostTransfer transfer)
    {
        if (_stream is null && transfer.Leaves is { } leaves && leaves.Hashes.Length >= Leaves * 32)
        {
            _stream = leaves.Stream;
            Volatile.Write(ref _known, true);
        }
    }
}
