using System.Text.RegularExpressions;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>The controller's side of <c>docs/spec/tiles.md</c>: feeds frames, takes metrics and outputs, until the tiles are done.</summary>
internal sealed partial class TileConversation(
    TileChannel tiles, FrameFeeder frames, OutputSet outputs, MetricsGate metrics, CheckpointWriter checkpoints, WithdrawalBox withdrawals, OverheadClock clock, Func<int, Task> progress)
{
    private int _epoch;

    /// <summary>Waits until the program is loaded, then trains.</summary>
    public async Task<TileMessage.Done> TrainAsync(CancellationToken cancellation)
    {
        using (clock.Measure(OverheadTerm.Ingest))
        {
            if (await ReceiveAsync(cancellation).ConfigureAwait(false) is not TileMessage.Ready)
            {
                throw Unexpected();
            }
        }

        await tiles.SendAsync(new TileMessage.Start(), cancellation).ConfigureAwait(false);
        _ = FinishWhenWithdrawnAsync(cancellation);
        while (true)
        {
            TileMessage message = await ReceiveAsync(cancellation).ConfigureAwait(false);
            if (message is TileMessage.Done done)
            {
                return checkpoints.IsOpen ? throw Unexpected() : done;
            }

            await AnswerAsync(message, cancellation).ConfigureAwait(false);
        }
    }

    // If it cannot be sent, the tiles are gone, as the next message from them will tell.
    private async Task FinishWhenWithdrawnAsync(CancellationToken cancellation)
    {
        await withdrawals.First.WaitAsync(cancellation).ConfigureAwait(false);
        await tiles.SendAsync(new TileMessage.Finish(), cancellation).ConfigureAwait(false);
    }

    private async Task AnswerAsync(TileMessage message, CancellationToken cancellation)
    {
        switch (message)
        {
            case TileMessage.NeedFrame need:
                using (SealedFrame frame = await frames.NextAsync(need.Position).ConfigureAwait(false))
                using (clock.Measure(OverheadTerm.Ingest))
                {
                    await tiles.SendAsync(new TileMessage.Frame(need.Position, default), frame.PlaintextLength, room => frame.Open(room.Span), cancellation).ConfigureAwait(false);
                }

                break;
            case TileMessage.Progress epoch when !checkpoints.IsOpen:
                _epoch = epoch.Epoch;
                metrics.Add(epoch);
                await progress(epoch.Epoch).ConfigureAwait(false);
                break;
            case TileMessage.Checkpoint piece:
                await checkpoints.WriteAsync(_epoch, piece, cancellation).ConfigureAwait(false);
                break;
            case TileMessage.Output { Kind: StreamKind.Model } model:
                using (clock.Measure(OverheadTerm.Egress))
                {
                    await outputs.WriteModelAsync(model.Chunk, model.Last, cancellation).ConfigureAwait(false);
                }

                break;
            case TileMessage.Output { Kind: StreamKind.Metrics }:
                // What leaves of the metrics is written from the epochs' figures, through the gate.
                break;
            default:
                throw Unexpected();
        }
    }

    private async Task<TileMessage> ReceiveAsync(CancellationToken cancellation)
    {
        TileMessage message = await tiles.ReceiveAsync(cancellation).ConfigureAwait(false);
        return message is TileMessage.Failed failed ? throw Failed(failed) : message;
    }

    // The message may quote the program, or data through it: only the code leaves the device.
    private static OrchestratorException Failed(TileMessage.Failed failed)
    {
        ErrorCode code = CodePattern().IsMatch(failed.Code)
            ? new ErrorCode(failed.Code, failed.Class, DeviceErrors.TrainingFailed.Meaning, DeviceErrors.TrainingFailed.Remedy)
            : DeviceErrors.TrainingFailed;
        return new OrchestratorException(code, $"The training failed on the tiles with {code.Id}; what it says beyond that stays there.");
    }

    private static OrchestratorException Unexpected() => new(TileErrors.MessageUnexpected, TileErrors.MessageUnexpected.Meaning);

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)+$")]
    private static partial Regex CodePattern();
}
