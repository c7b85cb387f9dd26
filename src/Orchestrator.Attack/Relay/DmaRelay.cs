using Grpc.Core;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack.Relay;

/// <summary>Passes the transfers of a run on in both directions, through the attack's hooks.</summary>
internal sealed class DmaRelay(RelayTarget target) : Dma.DmaBase
{
    public override async Task Run(
        IAsyncStreamReader<HostTransfer> requestStream, IServerStreamWriter<DeviceTransfer> responseStream, ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> device = target.Line.Dma.Run(cancellationToken: ended.Token);
        await using RegionRelay? region = await OpenRegionAsync(ended.Token);
        var run = new Transfers(target, region, responseStream, ended.Token);
        Task answers = run.PassAnswersAsync(requestStream, device.RequestStream);
        try
        {
            await run.PassRequestsAsync(device.ResponseStream);
        }
        catch (RpcException e)
        {
            // As a message: the failure of a call whose other side still sends can get lost.
            await run.TellHostAsync(new DeviceTransfer { Exception = RpcErrors.ToDetail(RpcErrors.FromRpc(e)) });
            await answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await ended.CancelAsync();
            await answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The host, which the relay hides the door from, sends frames by gRPC: the attack fills the region with them.
    private async Task<RegionRelay?> OpenRegionAsync(CancellationToken cancellation) => target.Attack.InRegion is null
        ? null
        : new RegionRelay((await target.Line.Mailbox.StatusAsync(new StatusRequest(), cancellationToken: cancellation)).DmaDoor);

    private sealed class Transfers(RelayTarget target, RegionRelay? region, IServerStreamWriter<DeviceTransfer> toHost, CancellationToken ended)
    {
        private readonly Attack _attack = target.Attack;
        private readonly Lock _hooks = new();
        private readonly SemaphoreSlim _telling = new(1);

        public async Task PassRequestsAsync(IAsyncStreamReader<DeviceTransfer> device)
        {
            region?.Serve(question => AskHostAsync(question).Wait(ended));
            while (await device.MoveNext(ended))
            {
                await AskHostAsync(device.Current);
            }
        }

        public async Task TellHostAsync(DeviceTransfer message)
        {
            await _telling.WaitAsync(ended);
            try
            {
                await toHost.WriteAsync(message, ended);
            }
            finally
            {
                _telling.Release();
            }
        }

        public async Task PassAnswersAsync(IAsyncStreamReader<HostTransfer> host, IClientStreamWriter<HostTransfer> device)
        {
            bool isOver = false;
            while (await host.MoveNext(ended))
            {
                foreach (HostTransfer passed in Alter(host.Current, _attack.OnHostTransfer))
                {
                    target.Wire.Note(passed);
                    isOver = isOver || !(TryFill(passed) || await TryPassAsync(passed, device));
                }
            }

            if (!isOver)
            {
                await device.CompleteAsync();
            }
        }

        private async Task AskHostAsync(DeviceTransfer question)
        {
            await _attack.DuringRunAsync(question, target.Line);
            foreach (DeviceTransfer passed in Alter(question, _attack.OnDeviceTransfer))
            {
                target.Wire.Note(passed);
                await TellHostAsync(passed);
            }
        }

        private bool TryFill(HostTransfer passed)
        {
            passed.Start?.Ticket = region?.Ticket ?? passed.Start.Ticket;
            return region?.TryFill(passed, _attack.InRegion!) ?? false;
        }

        // A device that is done hears nothing more, but the host may still talk.
        private async Task<bool> TryPassAsync(HostTransfer passed, IClientStreamWriter<HostTransfer> device)
        {
            try
            {
                if (!ReferenceEquals(passed, Attack.HangUp))
                {
                    await device.WriteAsync(passed, ended);
                    return true;
                }

                await device.CompleteAsync();
                return false;
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException)
            {
                return false;
            }
        }

        private T[] Alter<T>(T message, Func<T, IEnumerable<T>> hook)
        {
            lock (_hooks)
            {
                return [.. hook(message)];
            }
        }
    }
}
