using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Attacks;

/// <summary>Two parties' data streams change places as a whole.</summary>
public sealed class SwapStreams : Attack
{
    // The manifest numbers streams; 1 is usually the program. Any two that differ will do.
    private const uint A = 2;
    private const uint B = 3;

    /// <inheritdoc/>
    public override string Name => "swap-streams";

    /// <inheritdoc/>
    public override string Deed => "passes one party's stream off as another's";

    /// <inheritdoc/>
    public override string StoppedBy => "device-stream-substituted";

    /// <inheritdoc/>
    public override DeviceTransfer OnDeviceTransfer(DeviceTransfer transfer)
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

        return transfer;
    }

    /// <inheritdoc/>
    public override HostTransfer OnHostTransfer(HostTransfer transfer)
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

        return transfer;
    }

    private static uint Other(uint stream) => stream switch
    {
        A => B,
        B => A,
        _ => stream,
    };
}

/// <summary>The end of a stream is kept back: the host states one frame less.</summary>
public sealed class TruncateStream : Attack
{
    /// <inheritdoc/>
    public override string Name => "truncate-stream";

    /// <inheritdoc/>
    public override string Deed => "keeps back the last frame of a stream, and its leaf hash";

    /// <inheritdoc/>
    public override string StoppedBy => "device-transfer-unexpected";

    /// <inheritdoc/>
    public override HostTransfer OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Leaves is { Hashes.Length: > 32 } leaves)
        {
            leaves.Hashes = UnsafeByteOperations.UnsafeWrap(leaves.Hashes.Memory[..^32]);
        }

        return transfer;
    }
}
