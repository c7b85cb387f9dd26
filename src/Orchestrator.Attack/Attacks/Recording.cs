using System.Collections.Concurrent;
using Google.Protobuf;
using Orchestrator.Attack.Ranges;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;

namespace Orchestrator.Attack.Attacks;

/// <summary>Everything that a host sees of an honest job.</summary>
public sealed class Recording
{
    internal Digest Job { get; set; }

    internal LoadRequest? Load { get; set; }

    internal QuoteReply? Quote { get; set; }

    internal ConcurrentDictionary<string, StageRequest> Packages { get; } = [];

    internal ConcurrentDictionary<uint, ByteString> Prologues { get; } = [];

    internal ConcurrentDictionary<uint, ByteString> Leaves { get; } = [];

    internal ConcurrentDictionary<(uint Stream, ulong Index), ByteString> Frames { get; } = [];

    internal CheckpointCopies Checkpoints { get; } = new();

    internal ByteString? Receipt { get; set; }

    internal Digest Model { get; set; }
}

/// <summary>Changes nothing, and keeps everything.</summary>
/// <param name="into">Where it is kept.</param>
/// <param name="checkpointEveryEpochs">How often the job writes a checkpoint; 0: never.</param>
public sealed class Recorder(Recording into, int checkpointEveryEpochs = 0) : Attack(new AttackCard("record", "keeps copies of what it relays", SecurityProperty.Freshness, Watcher.Device, string.Empty))
{
    /// <inheritdoc/>
    public override int CheckpointEveryEpochs => checkpointEveryEpochs;

    /// <inheritdoc/>
    public override LoadRequest OnLoad(LoadRequest request) => into.Load = request;

    /// <inheritdoc/>
    public override QuoteReply OnQuote(QuoteReply reply) => into.Quote = reply;

    /// <inheritdoc/>
    public override StageRequest OnStage(StageRequest request) => into.Packages[request.Party] = request;

    /// <inheritdoc/>
    public override IEnumerable<DeviceTransfer> OnDeviceTransfer(DeviceTransfer transfer)
    {
        into.Checkpoints.Take(transfer);
        into.Receipt = transfer.Finished?.Receipt ?? into.Receipt;
        return [transfer];
    }

    /// <inheritdoc/>
    public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        switch (transfer.TransferCase)
        {
            case HostTransfer.TransferOneofCase.Prologue:
                into.Prologues[transfer.Prologue.Stream] = transfer.Prologue.Data;
                break;
            case HostTransfer.TransferOneofCase.Leaves:
                into.Leaves[transfer.Leaves.Stream] = transfer.Leaves.Hashes;
                break;
            case HostTransfer.TransferOneofCase.Frame:
                into.Frames[(transfer.Frame.Stream, transfer.Frame.Index)] = transfer.Frame.Data;
                break;
        }

        return [transfer];
    }

    /// <inheritdoc/>
    public override async Task BeforeResultAsync(HostileHost host, Digest job)
    {
        into.Job = job;
        into.Model = await host.OutputAsync(job, "model");
    }
}
