using Grpc.Core;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Attack;

/// <summary>Passes the transfers of a run on in both directions, through the attack's hooks.</summary>
internal sealed class DmaRelay(RelayTarget target) : Dma.DmaBase
{
    public override async Task Run(
        IAsyncStreamReader<HostTransfer> requestStream, IServerStreamWriter<DeviceTransfer> responseStream, ServerCallContext context)
    {
        Attack attack = target.Attack;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> device = new Dma.DmaClient(target.Device).Run(cancellationToken: ended.Token);
        Task answers = PassAnswers(requestStream, device.RequestStream, attack, ended.Token);
        try
        {
            while (await device.ResponseStream.MoveNext(ended.Token))
            {
                await responseStream.WriteAsync(attack.OnDeviceTransfer(device.ResponseStream.Current), ended.Token);
            }
        }
        catch (RpcException e)
        {
            throw new RpcException(e.Status, e.Trailers);
        }
        finally
        {
            await ended.CancelAsync();
            await answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task PassAnswers(
        IAsyncStreamReader<HostTransfer> host, IClientStreamWriter<HostTransfer> device, Attack attack, CancellationToken ended)
    {
        while (await host.MoveNext(ended))
        {
            await device.WriteAsync(attack.OnHostTransfer(host.Current), ended);
        }

        await device.CompleteAsync();
    }
}
