using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;
using Orchestrator.Training;
using Orchestrator.Training.Programs;

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
        var job = await ExpectAsync<TileMessage.Configure>().ConfigureAwait(false);
        var schema = job.Plan.CheckStreams([.. job.Streams.Select(stream => (stream.Role, stream.Schema))]);
        var archive = ProgramArchive.Parse(await ReceiveProgramAsync(job.ProgramSize).ConfigureAwait(false));
        var outbox = new Outbox(channel);
        var frames = new PulledFrames(job, outbox);
        var schedule = job.Schedule();
        using var ahead = new ReadAhead(schedule, frames);
        var trainer = new Trainer(archive, schema, schedule, ahead);
        trainer.CheckProgram();
        await channel.SendAsync(new TileMessage.Ready()).ConfigureAwait(false);
        await ExpectAsync<TileMessage.Start>().ConfigureAwait(false);

        var model = await TrainAsync(trainer, frames, outbox).ConfigureAwait(false);
        await outbox.FlushAsync().ConfigureAwait(false);
        await channel.SendInPiecesAsync(
            model.ToSafeTensors(), (piece, last) => new TileMessage.Output(StreamKind.Model, last, piece)).ConfigureAwait(false);
        await channel.SendAsync(Summary(model, schedule)).ConfigureAwait(false);
    }

    private async Task<TrainedModel> TrainAsync(Trainer trainer, PulledFrames frames, Outbox outbox)
    {
        var stop = new CancellationTokenSource();
        var listening = ListenAsync(frames, stop);
        try
        {
            return await trainer.TrainAsync(new EpochReports(outbox), stop.Token).ConfigureAwait(false);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // What ended the listening ended the training, and is the reason to give.
            await listening.ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes what the controller sends during training. Ends only by throwing.</summary>
    private async Task ListenAsync(PulledFrames frames, CancellationTokenSource stop)
    {
        try
        {
            while (true)
            {
                frames.Deliver(await ExpectAsync<TileMessage.Frame>().ConfigureAwait(false));
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
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
        where T : TileMessage => await channel.ReceiveAsync().ConfigureAwait(false) switch
        {
            T expected => expected,
            TileMessage.Cancel => throw new OrchestratorException(TileErrors.Cancelled, "The controller called the run off."),
            var other => throw new OrchestratorException(TileErrors.MessageUnexpected, $"{other.GetType().Name} came where {typeof(T).Name} was expected."),
        };

    private static TileMessage.Done Summary(TrainedModel model, JobSchedule schedule) => new(
        model.Epochs.Count,
        model.Epochs.Count * (((schedule.Train.TotalRecords - 1) / schedule.Plan.BatchSize) + 1),
        (long)model.Duration.Total.TotalMicroseconds,
        (long)model.Duration.Waiting.TotalMicroseconds);

    /// <summary>The message of an unforeseen exception could hold plaintext, so only its kind is told.</summary>
    private static OrchestratorException Failure(Exception exception) => exception as OrchestratorException
        ?? new OrchestratorException(TileErrors.Failed, $"The tile process failed with {exception.GetType().Name}.", inner: exception);

    private static string Shortened(string text) =>
        text.Length <= TileLimits.MaxTextLength ? text : text[..TileLimits.MaxTextLength];
}
