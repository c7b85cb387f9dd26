using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;
using Orchestrator.Programs;
using Orchestrator.Tiles.Probing;
using Orchestrator.Training;
using Orchestrator.Training.State;

namespace Orchestrator.Tiles.Serving;

/// <summary>One conversation with the controller, from Configure to Done or Failed (docs/spec/tiles.md).</summary>
internal sealed class TileSession(TileChannel channel)
{
    /// <summary>Holds the conversation. A failure is told to the controller before it is thrown, unless the controller is gone.</summary>
    /// <exception cref="OrchestratorException">Why there is no result.</exception>
    public async Task RunAsync()
    {
        try
        {
            await ConverseAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var failure = Failure(e);
            if (failure.Code != TileErrors.ChannelClosed)
            {
                await channel.SendAsync(
                    new TileMessage.Failed(failure.Code.Id, failure.Code.Class, Shortened(failure.Message), Shortened(failure.Remedy))).ConfigureAwait(false);
            }

            throw failure;
        }
    }

    private async Task ConverseAsync()
    {
        var job = await ReceiveJobAsync().ConfigureAwait(false);
        MemoryLimit.Set(job.MemoryBytes);
        var schema = job.Plan.CheckStreams([.. job.Streams.Select(stream => (stream.Role, stream.Schema))]);
        var archive = VerifiedProgram.Verify(await ReceiveProgramAsync(job.ProgramSize).ConfigureAwait(false));
        var state = job.FirstEpoch > 0 ? TrainingState.Parse(await ReceiveStateAsync().ConfigureAwait(false)) : null;
        var outbox = new Outbox(channel);
        var frames = new PulledFrames(job, outbox);
        var schedule = job.Schedule();
        using var ahead = new ReadAhead(schedule, frames);
        var trainer = new Trainer(archive, schema, schedule, ahead);
        trainer.CheckProgram();
        await channel.SendAsync(new TileMessage.Ready()).ConfigureAwait(false);
        await ExpectAsync<TileMessage.Start>().ConfigureAwait(false);

        var model = await TrainAsync(trainer, job, state, frames, outbox).ConfigureAwait(false);
        await outbox.FlushAsync().ConfigureAwait(false);
        await channel.SendInPiecesAsync(
            model.ToSafeTensors(), (piece, last) => new TileMessage.Output(StreamKind.Model, last, piece)).ConfigureAwait(false);
        await channel.SendAsync(Summary(model, schedule)).ConfigureAwait(false);
    }

    private async Task<TileMessage.Configure> ReceiveJobAsync()
    {
        var first = await ReceiveAsync().ConfigureAwait(false);
        if (first is TileMessage.Probe outside)
        {
            await channel.SendAsync(ConfinementProbe.Run(outside)).ConfigureAwait(false);
            first = await ReceiveAsync().ConfigureAwait(false);
        }

        return first as TileMessage.Configure ?? throw Unexpected(first, nameof(TileMessage.Configure));
    }

    private async Task<TrainedModel> TrainAsync(
        Trainer trainer, TileMessage.Configure job, TrainingState? state, PulledFrames frames, Outbox outbox)
    {
        var stop = new CancellationTokenSource();
        var finish = new CancellationTokenSource();
        var listening = ListenAsync(frames, finish, stop);
        var session = new TrainingSession
        {
            From = state,
            CheckpointEveryEpochs = job.CheckpointEveryEpochs,
            Checkpoint = checkpoint => PostCheckpoint(checkpoint, outbox),
            Finish = finish.Token,
        };
        try
        {
            return await trainer.TrainAsync(new EpochReports(outbox), session, stop.Token).ConfigureAwait(false);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // What ended the listening ended the training, and is the reason to give.
            await listening.ConfigureAwait(false);
            throw;
        }
    }

    private static void PostCheckpoint(TrainingState state, Outbox outbox)
    {
        for (var rest = state.ToBytes(); !rest.IsEmpty;)
        {
            var piece = rest[..Math.Min(rest.Length, TileLimits.ChunkSize)];
            rest = rest[piece.Length..];
            outbox.Post(new TileMessage.Checkpoint(rest.IsEmpty, piece));
        }
    }

    /// <summary>Takes what the controller sends during training. Ends only by throwing.</summary>
    private async Task ListenAsync(PulledFrames frames, CancellationTokenSource finish, CancellationTokenSource stop)
    {
        try
        {
            while (true)
            {
                switch (await ReceiveAsync().ConfigureAwait(false))
                {
                    case TileMessage.Frame frame:
                        frames.Deliver(frame);
                        break;
                    case TileMessage.Finish:
                        await finish.CancelAsync().ConfigureAwait(false);
                        break;
                    case var other:
                        throw Unexpected(other, nameof(TileMessage.Frame));
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReceiveStateAsync()
    {
        var state = new MemoryStream();
        for (var last = false; !last;)
        {
            (last, var chunk) = await ExpectAsync<TileMessage.State>().ConfigureAwait(false);
            if (chunk.IsEmpty || state.Length + chunk.Length > TileLimits.MaxStateSize)
            {
                throw new OrchestratorException(TileErrors.MessageUnexpected, "A piece of the state is empty, or makes it longer than states may be.");
            }

            state.Write(chunk.Span);
        }

        return state.GetBuffer().AsMemory(0, (int)state.Length);
    }

    private async Task<byte[]> ReceiveProgramAsync(long size)
    {
        var program = new byte[size];
        var filled = 0;
        while (filled < program.Length)
        {
            var chunk = (await ExpectAsync<TileMessage.Program>().ConfigureAwait(false)).Chunk;
            if (chunk.IsEmpty || chunk.Length > program.Length - filled)
            {
                throw new OrchestratorException(TileErrors.MessageUnexpected, "A piece of the program is empty, or longer than what was announced.");
            }

            chunk.CopyTo(program.AsMemory(filled));
            filled += chunk.Length;
        }

        return program;
    }

    private async Task<T> ExpectAsync<T>()
        where T : TileMessage
    {
        var message = await ReceiveAsync().ConfigureAwait(false);
        return message as T ?? throw Unexpected(message, typeof(T).Name);
    }

    private async Task<TileMessage> ReceiveAsync()
    {
        var message = await channel.ReceiveAsync().ConfigureAwait(false);
        return message is TileMessage.Cancel
            ? throw new OrchestratorException(TileErrors.Cancelled, "The controller called the run off.")
            : message;
    }

    private static OrchestratorException Unexpected(TileMessage message, string expected) =>
        new(TileErrors.MessageUnexpected, $"{message.GetType().Name} came where {expected} was expected.");

    private static TileMessage.Done Summary(TrainedModel model, JobSchedule schedule) => new(
        model.Epochs.Count,
        model.Epochs.Count * (((schedule.Train.TotalRecords - 1) / schedule.Plan.BatchSize) + 1),
        (long)model.Duration.Total.TotalMicroseconds,
        (long)model.Duration.Waiting.TotalMicroseconds);

    /// <summary>The message of an unforeseen exception could hold plaintext, so only its kind is told.</summary>
    private static OrchestratorException Failure(Exception exception) => MemoryLimit.IsReason(exception)
        ? new OrchestratorException(TrainingErrors.MemoryExceeded, TrainingErrors.MemoryExceeded.Meaning)
        : exception as OrchestratorException ?? new OrchestratorException(TileErrors.Failed, $"The tile process failed with {exception.GetType().Name}.", inner: exception);

    private static string Shortened(string text) =>
        text.Length <= TileLimits.MaxTextLength ? text : text[..TileLimits.MaxTextLength];
}
