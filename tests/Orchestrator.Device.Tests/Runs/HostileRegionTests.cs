using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Transfers;
using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Runs;

/// <summary>A host that writes into the region what it likes, when it likes.</summary>
public sealed class HostileRegionTests
{
    private const uint ClinicA = 2;
    private const string Harmless = "";

    // What the host does instead of answering the read of clinic A's second frame honestly, and how the device calls that.
    private static readonly Dictionary<string, (Action<Tampering> Deed, string Code)> Deeds = new()
    {
        ["nothing"] = (host => host.Answer(), Harmless),
        ["number of an earlier request"] = (host => host.Answer(number: host.Number - 1), DeviceErrors.TransferUnexpected.Id),
        ["number zero"] = (host => host.Answer(number: 0), DeviceErrors.TransferUnexpected.Id),
        ["length zero"] = (host => host.Answer(length: 0), DeviceErrors.FrameForged.Id),
        ["length short by one"] = (host => host.Answer(length: host.Length - 1), DeviceErrors.FrameForged.Id),
        ["length long by one"] = (host => host.Answer(length: host.Length + 1), DeviceErrors.FrameForged.Id),
        ["length of the slot"] = (host => host.Answer(length: host.Region.SlotSize), DeviceErrors.FrameForged.Id),
        ["length beyond the slot"] = (host => host.Answer(length: host.Region.SlotSize + 1), DeviceErrors.TransferUnexpected.Id),
        ["length of 2 GiB"] = (host => host.Answer(length: int.MaxValue), DeviceErrors.TransferUnexpected.Id),
        ["negative length"] = (host => host.Answer(length: -2), DeviceErrors.TransferUnexpected.Id),
        ["least length"] = (host => host.Answer(length: int.MinValue), DeviceErrors.TransferUnexpected.Id),
        ["no such frame"] = (host => host.Answer(length: -1), DeviceErrors.DataUnavailable.Id),
        ["bell of another slot"] = (host => host.Ring((byte)((host.Slot + 1) % DmaDoorSlots)), DeviceErrors.TransferUnexpected.Id),
        ["bell of no slot"] = (host => host.Ring(255), DeviceErrors.TransferUnexpected.Id),
        ["bell before the answer"] = (host => host.Ring(host.Slot), DeviceErrors.TransferUnexpected.Id),
        ["bell rung twice"] = (host =>
        {
            host.Answer();
            host.Ring(host.Slot);
        }, DeviceErrors.TransferUnexpected.Id),
        ["frame flipped"] = (host =>
        {
            host.Region.Frame(host.Slot).Span[100] ^= 1;
            host.Answer();
        }, DeviceErrors.FrameForged.Id),
        ["frame of another slot"] = (host =>
        {
            host.Frame(ClinicA, 0).CopyTo(host.Region.Frame(host.Slot).Span);
            host.Answer();
        }, DeviceErrors.FrameMisplaced.Id),
        ["header overwritten"] = (host =>
        {
            host.Overwrite(0, 64);
            host.Answer();
        }, Harmless),
        ["request overwritten"] = (host =>
        {
            host.Overwrite(64 + (128 * host.Slot), 64);
            host.Answer();
        }, Harmless),
        ["hung up"] = (host => host.HangUp(), DeviceErrors.HostLost.Id),
    };

    private const int DmaDoorSlots = Orchestrator.Device.Dma.DmaDoor.Slots;

    public static TheoryData<string> Fields => [.. Deeds.Keys];

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task Run_HostTampersWithTheRegion_EndsByNameOrNotAtAll(string deed)
    {
        var tiles = new FakeTiles();
        await using TestDevice device = await TestDevice.StartAsync(tiles);
        await device.CommitAsync();
        DeviceTransfer end = await RunAsync(device, Deeds[deed].Deed);
        Assert.Equal(Deeds[deed].Code, end.Exception?.Code ?? Harmless);
        Assert.Equal(end.Exception is null, end.Finished is not null);
        Assert.Equal(0, tiles.Alive);
    }

    [Fact]
    public async Task Run_HostChangesFramesWhileTheyAreRead_CanOnlyFail()
    {
        var tiles = new FakeTiles();
        await using TestDevice device = await TestDevice.StartAsync(tiles);
        await device.CommitAsync();
        using var over = new CancellationTokenSource();
        Thread? scribbling = null;
        DeviceTransfer end = await RunAsync(device, host =>
        {
            Memory<byte> slot = host.Region.Frame(host.Slot);
            scribbling = new Thread(() =>
            {
                while (!over.IsCancellationRequested)
                {
                    slot.Span[100] ^= 1;
                }
            });
            scribbling.Start();
            host.Answer();
            scribbling.Join(1);
            over.Cancel();
            scribbling.Join();
        });
        Assert.Contains(end.Exception?.Code ?? Harmless, new[] { Harmless, DeviceErrors.FrameForged.Id });
    }

    [Fact]
    public async Task Region_CannotBeCutUnderTheDevice()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        DeviceTransfer end = await RunAsync(device, host =>
        {
            Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(host.Region.File, 0));
            host.Answer();
        });
        Assert.NotNull(end.Finished);
    }

    [Fact]
    public async Task Run_NobodyComesWithTheTicket_Ends()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call = device.Host.Dma.Run();
        await call.RequestStream.WriteAsync(new HostTransfer { Start = new StartRun { Ticket = ByteString.CopyFrom(new byte[16]) } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(DeviceErrors.TransferUnexpected.Id, call.ResponseStream.Current.Exception.Code);
    }

    [Fact]
    public async Task Door_StrangersWaitingAtIt_KeepNoHostOut()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        string door = (await device.Host.Mailbox.StatusAsync(new StatusRequest())).DmaDoor;
        FrameFiller[] strangers = [.. Enumerable.Range(0, 40).Select(_ => FrameFiller.TryConnect(door)!)];
        using (var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            silent.Connect(new UnixDomainSocketEndPoint("\0" + door));
        }

        DeviceTransfer end = await RunAsync(device, host => host.Answer());
        Array.ForEach(strangers, stranger => stranger.Dispose());
        Assert.NotNull(end.Finished);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(FrameFiller.TicketSize - 1)]
    [InlineData(FrameFiller.TicketSize)]
    public async Task Door_ComerWithoutAWholeTicketOrWithThatOfNoRun_IsSentAwayInTheEnd(int shown)
    {
        var time = new ManualTime();
        using var door = new Dma.DmaDoor(time, NullLogger<Dma.DmaDoor>.Instance);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint("\0" + door.Name));
        await socket.SendAsync(new byte[shown]);
        Action end = await time.Timers.Reader.ReadAsync(TestContext.Current.CancellationToken);

        // Whoever comes later comes when the first has been heard.
        using var later = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        later.Connect(new UnixDomainSocketEndPoint("\0" + door.Name));
        await time.Timers.Reader.ReadAsync(TestContext.Current.CancellationToken);
        end();
        Assert.True(await HasEndedAsync(socket));
    }

    private static async Task<bool> HasEndedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]) == 0;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    private static async Task<DeviceTransfer> RunAsync(TestDevice device, Action<Tampering> deed)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint("\0" + (await device.Host.Mailbox.StatusAsync(new StatusRequest())).DmaDoor));
        byte[] ticket = RandomNumberGenerator.GetBytes(FrameFiller.TicketSize);
        socket.Send(ticket);
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call = device.Host.Dma.Run();
        await call.RequestStream.WriteAsync(new HostTransfer { Start = new StartRun { Ticket = ByteString.CopyFrom(ticket) } });
        Task filling = Task.Factory.StartNew(() => Fill(device, socket, deed), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        DeviceTransfer? last = null;
        while (last is not { Finished: not null } and not { Exception: not null } && await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            last = call.ResponseStream.Current;
            if (last.ReadLeaves is not null || last.ReadPrologue is not null)
            {
                await call.RequestStream.WriteAsync(device.Host.Answer(last));
            }
        }

        await filling;
        return last!;
    }

    private static void Fill(TestDevice device, Socket socket, Action<Tampering> deed)
    {
        using DmaRegion region = DmaRegion.Open(DescriptorPassing.Receive(socket));
        byte[] bell = new byte[1];
        bool done = false;
        try
        {
            while (socket.Receive(bell) > 0)
            {
                var host = new Tampering(device, socket, region, bell[0]);
                bool isIt = host.Stream == ClinicA && host.Index == 1 && !done;
                done |= isIt;
                (isIt ? deed : honest => honest.Answer())(host);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The device hung up, or the deed did.
        }
        finally
        {
            socket.Dispose();
        }
    }

    /// <summary>Time that passes when the test says so: a timer is a call to make.</summary>
    private sealed class ManualTime : TimeProvider
    {
        public Channel<Action> Timers { get; } = Channel.CreateUnbounded<Action>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers.Writer.TryWrite(() => callback(state));
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    /// <summary>A request, answered in the slot, and what can be said about it.</summary>
    private sealed class Tampering
    {
        private readonly TestDevice _device;
        private readonly Socket _socket;

        public Tampering(TestDevice device, Socket socket, DmaRegion region, byte slot)
        {
            (_device, _socket, Region, Slot) = (device, socket, region, slot);
            (Number, Stream, Index) = region.Asked(slot);
            byte[] frame = Frame(Stream, Index);
            frame.CopyTo(region.Frame(slot));
            Length = frame.Length;
        }

        public DmaRegion Region { get; }

        public byte Slot { get; }

        public int Number { get; }

        public uint Stream { get; }

        public ulong Index { get; }

        public int Length { get; }

        public byte[] Frame(uint stream, ulong index) => _device.Host.FrameOf(stream, index).Data.ToByteArray();

        public void Answer(int? number = null, int? length = null)
        {
            Region.Answer(Slot, number ?? Number, length ?? Length);
            Ring(Slot);
        }

        public void Ring(byte slot) => _socket.Send([slot]);

        public void HangUp() => _socket.Shutdown(SocketShutdown.Both);

        public void Overwrite(int offset, int count)
        {
            using SharedMemory page = SharedMemory.Map(Region.File, 0, SharedMemory.PageSize);
            page.GetSpan().Slice(offset, count).Fill(0xFF);
        }
    }
}
