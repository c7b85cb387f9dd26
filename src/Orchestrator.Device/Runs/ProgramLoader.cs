using System.Security.Cryptography;
using Orchestrator.Crypto;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Sxp;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>Puts the program on the tiles, frame by frame. Its last piece follows only once the digest of the whole is the manifest's.</summary>
internal sealed class ProgramLoader(IngressTile ingress, TileChannel tiles)
{
    public async Task LoadAsync(InputStream program, Digest expected, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Plaintext? withheld = null;
        try
        {
            for (long index = 0; index < program.Description.Frames; index++)
            {
                Plaintext frame = await ingress.ReadAsync(program, index, cancellation).ConfigureAwait(false);
                if (frame.Length == 0)
                {
                    frame.Dispose();
                    break;
                }

                await SendAsync(withheld, cancellation).ConfigureAwait(false);
                withheld?.Dispose();
                withheld = frame;
                hash.AppendData(frame.Memory.Span);
            }

            RequireDigest(new Digest(hash.GetHashAndReset()), expected);
            await SendAsync(withheld, cancellation).ConfigureAwait(false);
        }
        finally
        {
            withheld?.Dispose();
        }
    }

    private static void RequireDigest(Digest found, Digest expected)
    {
        if (found != expected)
        {
            throw new OrchestratorException(DeviceErrors.ProgramSubstituted, $"The program has digest {found}; the manifest says {expected}.");
        }
    }

    private Task SendAsync(Plaintext? frame, CancellationToken cancellation) => frame is null
        ? Task.CompletedTask
        : tiles.SendInPiecesAsync(frame.Memory, (piece, _) => new TileMessage.Program(piece), cancellation);
}
