using Orchestrator.Crypto.Streams;

namespace Orchestrator.Bench.Streams;

/// <summary>Sealing a stream with its digest on one thread.</summary>
internal sealed class SealWithDigest : IBenchmark
{
    private const int Pieces = 64;

    public string Name => "stream-seal-digest";

    public string Method => "StreamSealer with one thread, 64 writes of 256 KiB / 1 / (1/aes-256-gcm + 1/sha256) of openssl speed at 64 KiB; processor time.";

    public Aim Aim => Aim.AtLeast(0.85);

    public Comparison Measure()
    {
        byte[] piece = new byte[PerCore.FrameSize];
        (double measured, double reference) = Alternation.Medians(
            PerCore.Rounds, () => PerCore.Rate((long)Pieces * piece.Length, Seal), OpenSslSpeed.Aes256GcmAndSha256);
        return new Comparison(measured, reference, "GB/s");

        void Seal()
        {
            using StreamKey key = StreamKey.Generate();
            using var sealer = new StreamSealer(Stream.Null, key, PerCore.Header());
            for (int i = 0; i < Pieces; i++)
            {
                sealer.Write(piece);
            }

            sealer.Finish();
        }
    }
}
