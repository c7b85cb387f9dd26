using System.Collections.Concurrent;
using System.IO.Pipelines;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Tiles;

namespace Orchestrator.Device.Tests.Support;

/// <summary>
/// Tiles inside the test: they speak the protocol, ask for every frame of the plan and keep what they get. The "model" is
/// the program followed by all plaintext in order, so that a test can tell what reached the tiles.
/// </summary>
internal sealed class FakeTiles : ITileLauncher
{
    public bool Confined { get; init; } = true;

    /// <summary>Replaces the message that the tiles would send; <see langword="null"/> ends them.</summary>
    public Func<TileMessage, TileMessage?> Alter { get; init; } = message => message;

    /// <summary>Whether tiles that end say that they crashed.</summary>
    public bool Crash { get; init; }

    /// <summary>Tiles that were started and not ended.</summary>
    public int Alive { get; private set; }

    public ConcurrentQueue<FramePosition> Delivered { get; } = new();

    public Task<TileLink> LaunchAsync(int largestFrame, CancellationToken cancellation)
    {
        Alive++;
        return Task.FromResult<TileLink>(new Link(this, largestFrame));
    }

    private sealed class Link : TileLink
    {
        private readonly FakeTiles _tiles;
        private readonly TileMemory _memory;
        private readonly TileChannel _inside;
        private readonly Task _running;
        private bool _finish;

        public Link(FakeTiles tiles, int largestFrame)
        {
            _tiles = tiles;
            _memory = TileMemory.Create(largestFrame);
            var toTiles = new Pipe();
            var fromTiles = new Pipe();
            Channel = new TileChannel(fromTiles.Reader.AsStream(), toTiles.Writer.AsStream(), _memory.FromTiles, _memory.ToTiles);
            _inside = new TileChannel(toTiles.Reader.AsStream(), fromTiles.Writer.AsStream(), _memory.ToTiles, _memory.FromTiles);
            _running = RunAsync();
        }

        public override TileChannel Channel { get; }

        public override void Silence()
        {
        }

        public override Task<bool> HasCrashedAsync() => Task.FromResult(_tiles.Crash);

        public override void Abort()
        {
            _inside.Dispose();
            Channel.Close();
        }

        public override async ValueTask DisposeAsync()
        {
            Abort();
            Channel.Dispose();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _memory.Dispose();
            _tiles.Alive--;
        }

        private async Task RunAsync()
        {
            try
            {
                await TrainAsync();
            }
            finally
            {
                _inside.Dispose();
            }
        }

        private async Task TrainAsync()
        {
            var model = new MemoryStream();
            var configuration = (TileMessage.Configure)await _inside.ReceiveAsync();
            while (model.Length < configuration.ProgramSize)
            {
                model.Write(((TileMessage.Program)await _inside.ReceiveAsync()).Chunk.Span);
            }

            await RestoreAsync(configuration, model);
            await SendAsync(new TileMessage.Ready());
            Assert.IsType<TileMessage.Start>(await _inside.ReceiveAsync());
            int epochs = 0;
            foreach (Pass pass in configuration.Schedule().Passes())
            {
                foreach (FramePosition position in configuration.Schedule().Frames(pass))
                {
                    await SendAsync(new TileMessage.NeedFrame(position));
                    TileMessage.Frame frame = await ReceiveFrameAsync();
                    Assert.Equal(position, frame.Position);
                    _tiles.Delivered.Enqueue(position);
                    model.Write(frame.Plaintext.Span);
                }

                if (pass.Kind == PassKind.Evaluate)
                {
                    epochs = pass.Epoch + 1;
                    await SendAsync(new TileMessage.Progress(pass.Epoch + 1, pass.Epoch + 1, [new Metric("accuracy", 0.98765), new Metric("loss", 1.0 / (pass.Epoch + 1)), new Metric("secret", 42)]));
                    if (_finish)
                    {
                        break;
                    }

                    await HandOutAsync(configuration, epochs, model);
                }
            }

            await _inside.SendInPiecesAsync(model.ToArray(), (piece, last) => _tiles.Alter(new TileMessage.Output(StreamKind.Model, last, piece))!);
            await SendAsync(new TileMessage.Done(epochs, 1, 1, 1));
        }

        private async Task<TileMessage.Frame> ReceiveFrameAsync()
        {
            TileMessage message = await _inside.ReceiveAsync();
            if (message is TileMessage.Finish)
            {
                _finish = true;
                message = await _inside.ReceiveAsync();
            }

            return (TileMessage.Frame)message;
        }

        // The state is the plaintext that has come so far.
        private async Task HandOutAsync(TileMessage.Configure configuration, int epochs, MemoryStream model)
        {
            if (configuration.CheckpointEveryEpochs > 0 && epochs % configuration.CheckpointEveryEpochs == 0 && epochs < configuration.Plan.Epochs)
            {
                await _inside.SendInPiecesAsync(
                    model.ToArray().AsMemory((int)configuration.ProgramSize), (piece, last) => _tiles.Alter(new TileMessage.Checkpoint(last, piece)) ?? throw new IOException("The tiles were told to end."));
            }
        }

        private async Task RestoreAsync(TileMessage.Configure configuration, MemoryStream model)
        {
            bool last = configuration.FirstEpoch == 0;
            while (!last)
            {
                var piece = (TileMessage.State)await _inside.ReceiveAsync();
                model.Write(piece.Chunk.Span);
                last = piece.Last;
            }
        }

        private async Task SendAsync(TileMessage message)
        {
            if (_tiles.Alter(message) is not { } altered)
            {
                _inside.Dispose();
                throw new IOException("The tiles were told to end.");
            }

            await _inside.SendAsync(altered);
        }
    }
}
