using System.Diagnostics;
using System.IO.Pipes;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Dma;
using Orchestrator.Device.Runs;
using Orchestrator.Device.Sxp;
using Orchestrator.Device.Tiles;

namespace Orchestrator.Bench.Transfers;

/// <summary>A controller that does nothing but move frames, and tiles that do nothing with them.</summary>
internal sealed class ControllerEnd(BenchStream stream, DmaDoor door) : Dma.DmaBase
{
    private const int Streams = 1;
    private const int Contexts = 32;

    /// <summary>GB of plaintext a second in the epochs after the first.</summary>
    public double Rate { get; private set; }

    public override async Task Run(IAsyncStreamReader<HostTransfer> requestStream, IServerStreamWriter<DeviceTransfer> responseStream, ServerCallContext context)
    {
        await requestStream.MoveNext(context.CancellationToken);
        ReadOnlyMemory<byte> ticket = requestStream.Current.Start.Ticket.Memory;
        using var over = new CancellationTokenSource();
        var host = new HostLink(requestStream, responseStream);
        Task listening = host.ListenAsync(over.Token);
        if (ticket.IsEmpty)
        {
            await MoveAsync(host);
        }
        else
        {
            using RegionReader region = await door.OpenAsync(ticket, stream.Description.FrameSize + StreamLimits.FrameOverhead, context.CancellationToken);
            Task answers = host.UseAsync(region);
            await MoveAsync(host);
            region.HangUp();
            await answers;
        }

        await over.CancelAsync();
        await listening;
    }

    private async Task MoveAsync(HostLink host)
    {
        using InputStream input = await InputStream.OpenAsync(stream.Description, host, CancellationToken.None);
        using var sxp = new EncryptionUnit(Streams, Contexts, _ => stream.Key);
        using TileMemory memory = TileMemory.Create(stream.Description.FrameSize);
        using var controllerOut = new AnonymousPipeServerStream(PipeDirection.Out);
        using var controller = new TileChannel(Stream.Null, controllerOut, memory.FromTiles, memory.ToTiles);
        using var tiles = new TileChannel(new AnonymousPipeClientStream(PipeDirection.In, controllerOut.ClientSafePipeHandle), Stream.Null, memory.ToTiles, memory.FromTiles);
        JobSchedule schedule = stream.Schedule();
        await using var frames = new FrameFeeder(schedule, [input], new IngressTile(sxp, host, new OverheadClock(TimeProvider.System)), CancellationToken.None);
        Task taking = Task.Run(() => TakeAsync(tiles, schedule.Passes().Sum(pass => schedule.Frames(pass).Count())));
        long start = 0;
        long bytes = 0;
        foreach (IEnumerable<FramePosition> pass in schedule.Passes().Select(schedule.Frames))
        {
            foreach (FramePosition position in pass)
            {
                using SealedFrame frame = await frames.NextAsync(position);
                await controller.SendAsync(new TileMessage.Frame(position, default), frame.PlaintextLength, room => frame.Open(room.Span));
                bytes += start > 0 ? frame.PlaintextLength : 0;
            }

            start = start > 0 ? start : Stopwatch.GetTimestamp();
        }

        await taking;
        Rate = bytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }

    private static async Task TakeAsync(TileChannel tiles, int frames)
    {
        for (int taken = 0; taken < frames; taken++)
        {
            await tiles.ReceiveAsync();
        }
    }
}
