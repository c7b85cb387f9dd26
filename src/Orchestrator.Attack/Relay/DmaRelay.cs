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
        var run = new Transfers(target.Attack, target.Line, target.Wire, ended.Token);
        Task answers = run.PassAnswersAsync(requestStream, device.RequestStream);
        try
        {
            await run.PassRequestsAsync(device.ResponseStream, responseStream);
        }
        catch (RpcException e)
        {
            // As a message: the failure of a call whose other side still sends can get lost.
            await responseStream.WriteAsync(new DeviceTransfer { Exception = RpcErrors.ToDetail(RpcErrors.FromRpc(e)) }, ended.Token);
            await answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await ended.CancelAsync();
            await answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class Transfers(Attack attack, DeviceLine line, WireLog wire, CancellationToken ended)
    {
        private readonly Lock _hooks = new();

        public async Task PassRequestsAsync(IAsyncStreamReader<DeviceTransfer> device, IServerStreamWriter<DeviceTransfer> host)
        {
            while (await device.MoveNext(ended))
            {
                await attack.DuringRunAsync(device.Current, line);
                foreach (DeviceTransfer passed in Alter(device.Current, attack.OnDeviceTransfer))
                {
                    wire.Note(passed);
                    await host.WriteAsync(passed, ended);
                }
            }
        }

        public async Task PassAnswersAsync(IAsyncStreamReader<HostTransfer> host, IClientStreamWriter<HostTransfer> device)
        {
            bool isOver = false;
            while (await host.MoveNext(ended))
            {
                foreach (HostTransfer passed in Alter(host.Current, attack.OnHostTransfer))
                {
                    wire.Note(passed);
                    isOver = isOver || !await TryPassAsync(passed, device);
                }
            }

            if (!isOver)
            {
                await device.CompleteAsync();
            }
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
