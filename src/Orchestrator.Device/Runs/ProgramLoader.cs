using System.Security.Cryptography;
using Orchestrator.Crypto;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Sxp;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>Puts the program on the tiles, frame by frame. They hear of its last piece only once the digest of the whole is the manifest's.</summary>
internal sealed class ProgramLoader(IngressTile ingress, TileChannel tiles, OverheadClock clock)
{
    public async Task LoadAsync(InputStream program, Digest expected, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int last = program.LastFrameWithRecords;
        for (int index = 0; index <= last; index++)
        {
            using SealedFrame frame = await ingress.ArrivalAsync(ingress.FetchAsync(program, index, cancellation)).ConfigureAwait(false);
            bool isLast = index == last;
            using (clock.Measure(OverheadTerm.Ingest))
            {
                await tiles.SendAsync(new TileMessage.Program(default), frame.PlaintextLength, Write, cancellation).ConfigureAwait(false);
            }

            void Write(Memory<byte> piece)
            {
                frame.Open(piece.Span);
                hash.AppendData(piece.Span);
                if (isLast)
                {
                    RequireDigest(new Digest(hash.GetHashAndReset()), expected);
                }
            }
        }
    }

    private static void RequireDigest(Digest found, Digest expected)
    {
        if (found != expected)
        {
            throw new OrchestratorException(DeviceErrors.ProgramSubstituted, $"The program has digest {found}; the manifest says {expected}.");
        }
    }
}
