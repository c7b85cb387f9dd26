using System.Collections.Concurrent;
using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>Hands the device one party's key package as another's.</summary>
public sealed class SwapKeyPackages : Attack.Attack
{
    private StageRequest? _first;

    public override string Name => "swap-key-packages";

    public override string Deed => "passes one party's key package off as another's";

    public override string StoppedBy => "key-package-invalid";

    public override StageRequest OnStage(StageRequest request)
    {
        _first ??= request;
        return new StageRequest(request) { SealedPackage = _first.SealedPackage };
    }
}

/// <summary>Hands the device the key packages of an earlier session.</summary>
/// <param name="recorder">Saw the earlier session.</param>
internal sealed class ReplayKeyPackages(RecordKeyPackages recorder) : Attack.Attack
{
    public override string Name => "replay-key-packages";

    public override string Deed => "hands the device the key packages of an earlier session";

    public override string StoppedBy => "key-package-invalid";

    public override StageRequest OnStage(StageRequest request) => recorder.Of(request.Party);
}

/// <summary>Changes nothing, and keeps the key packages.</summary>
internal sealed class RecordKeyPackages : Attack.Attack
{
    private readonly ConcurrentDictionary<string, StageRequest> _packages = [];

    public override string Name => "record-key-packages";

    public override string Deed => "keeps copies of the key packages";

    public override string StoppedBy => "";

    public StageRequest Of(string party) => _packages[party];

    public override StageRequest OnStage(StageRequest request) => _packages[request.Party] = request;
}

/// <summary>States one frame more than a stream has.</summary>
public sealed class ExtendStream : Attack.Attack
{
    private const int HashSize = 32;

    public override string Name => "extend-stream";

    public override string Deed => "appends the first frame's hash to a stream's leaf hashes";

    public override string StoppedBy => "device-transfer-unexpected";

    public override HostTransfer OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Leaves is { } leaves)
        {
            leaves.Hashes = ByteString.CopyFrom([.. leaves.Hashes.Span, .. leaves.Hashes.Span[..HashSize]]);
        }

        return transfer;
    }
}

/// <summary>Answers with a frame that the device did not ask for.</summary>
public sealed class AnswerUnasked : Attack.Attack
{
    public override string Name => "answer-unasked";

    public override string Deed => "says that a frame is one of a later position";

    public override string StoppedBy => "device-transfer-unexpected";

    public override HostTransfer OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Frame is { } frame)
        {
            frame.Index += 7;
        }

        return transfer;
    }
}

/// <summary>Alters the sealed model on its way out.</summary>
internal sealed class AlterOutput : Attack.Attack
{
    public override string Name => "alter-output";

    public override string Deed => "flips a bit of the sealed model";

    public override string StoppedBy => "receipt-output-mismatch";

    public override DeviceTransfer OnDeviceTransfer(DeviceTransfer transfer)
    {
        if (transfer.WriteOutput is { Output: "model", Last: true } piece)
        {
            piece.Data = Flip(piece.Data);
        }

        return transfer;
    }

    internal static ByteString Flip(ByteString bytes)
    {
        byte[] altered = bytes.ToByteArray();
        altered[altered.Length / 2] ^= 0x10;
        return ByteString.CopyFrom(altered);
    }
}

/// <summary>Alters the receipt on its way out.</summary>
internal sealed class AlterReceipt : Attack.Attack
{
    public override string Name => "alter-receipt";

    public override string Deed => "flips a bit of the receipt";

    public override string StoppedBy => "receipt-invalid";

    public override DeviceTransfer OnDeviceTransfer(DeviceTransfer transfer)
    {
        if (transfer.Finished is { } finished)
        {
            finished.Receipt = AlterOutput.Flip(finished.Receipt);
        }

        return transfer;
    }
}
