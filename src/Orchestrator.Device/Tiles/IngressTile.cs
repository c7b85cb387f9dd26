using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Dma;
using Orchestrator.Device.Sxp;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// The codelet that reads frames in. The encryption unit proves that a frame is authentic under its stream's key; this
/// proves that it is the right one, by its position and by the digest that the manifest pins. Anything else is a security exception.
/// </summary>
/// <param name="sxp">Decrypts.</param>
/// <param name="host">Where sealed frames come from.</param>
public sealed class IngressTile(EncryptionUnit sxp, HostLink host)
{
    /// <summary>Reads a frame; the caller disposes of the plaintext.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.FrameForged"/>, <see cref="DeviceErrors.FrameMisplaced"/>,
    /// <see cref="DeviceErrors.FrameSubstituted"/>, <see cref="DeviceErrors.StreamMismatch"/>, or a code of the host's.</exception>
    public async Task<Plaintext> ReadAsync(InputStream stream, long index, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ReadContext context = await sxp.AcquireAsync(stream, cancellation).ConfigureAwait(false);
        try
        {
            ReadOnlyMemory<byte> frame = await host.ReadFrameAsync(stream.Description.Id, index, cancellation).ConfigureAwait(false);
            return Accept(stream, index, frame.Span, context);
        }
        finally
        {
            context.Release();
        }
    }

    private static Plaintext Accept(InputStream stream, long index, ReadOnlySpan<byte> frame, ReadContext context)
    {
        var plaintext = new Plaintext(stream.Description.FrameSize);
        try
        {
            Require(context.TryOpen(frame, plaintext.Room, out FrameIv found, out int length),
                DeviceErrors.FrameForged, stream, index, "is not authentic");
            Require(found == new FrameIv(stream.Description.Kind, stream.Description.Run, index),
                DeviceErrors.FrameMisplaced, stream, index, $"is {found}, a genuine frame from another place");
            Require(stream.Checks.Check(index, frame) && length == stream.PlaintextLengthOf(index),
                DeviceErrors.FrameSubstituted, stream, index, "is not the frame that the manifest pins");
            plaintext.Length = length;
            return plaintext;
        }
        catch
        {
            plaintext.Dispose();
            throw;
        }
    }

    private static void Require(bool holds, ErrorCode code, InputStream stream, long index, string finding)
    {
        if (!holds)
        {
            throw new OrchestratorException(code, $"Frame {index} of stream {stream.Description.Id} ({stream.Description.Owner}) {finding}.");
        }
    }
}
