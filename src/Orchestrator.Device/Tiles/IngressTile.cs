using Orchestrator.Device.Dma;
using Orchestrator.Device.Runs;
using Orchestrator.Device.Sxp;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// The codelet that reads frames in. The encryption unit proves that a frame is authentic under its stream's key; this
/// proves that it is the right one, by its position and by the digest that the manifest pins. Anything else is a security exception.
/// </summary>
/// <param name="sxp">Decrypts.</param>
/// <param name="host">Where sealed frames come from.</param>
/// <param name="clock">Notes where the time goes.</param>
public sealed class IngressTile(EncryptionUnit sxp, HostLink host, OverheadClock clock)
{
    /// <summary>Fetches a frame, still sealed. Several can be under way.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.StreamMismatch"/>, or a code of the host's.</exception>
    public async Task<SealedFrame> FetchAsync(InputStream stream, long index, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ReadContext context = await sxp.AcquireAsync(stream, cancellation).ConfigureAwait(false);
        try
        {
            int length = await host.ReadFrameAsync(stream.Description.Id, index, context.Room, cancellation).ConfigureAwait(false);

            // What is too long for a frame of this stream was not taken, and is no more authentic than nothing at all.
            return new SealedFrame(stream, index, context, length > context.Room.Length ? 0 : length, clock);
        }
        catch
        {
            context.Release();
            throw;
        }
    }

    /// <summary>Waits for a frame that is being fetched, which is time that the host takes.</summary>
    public async Task<SealedFrame> ArrivalAsync(Task<SealedFrame> fetching)
    {
        ArgumentNullException.ThrowIfNull(fetching);
        using (clock.Measure(OverheadTerm.Transfer))
        {
            return await fetching.ConfigureAwait(false);
        }
    }
}
