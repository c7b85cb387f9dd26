using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Bench.Streams;

/// <summary>Opening a stream and checking its digest on one thread.</summary>
internal sealed class OpenWithDigest : IBenchmark
{
    private const int Frames = 64;

    public string Name => "stream-open-digest";

    public string Method => "StreamOpener.OpenPinned with one thread, 16 MiB in memory / 1 / (1/aes-256-gcm + 1/sha256) of openssl speed at 64 KiB; processor time.";

    public Aim Aim => Aim.AtLeast(0.85);

    public Comparison Measure()
    {
        using StreamKey key = StreamKey.Generate();
        byte[] file = PerCore.Sealed(key, Frames);
        Digest digest = StreamDigester.Digest(new MemoryStream(file)).Digest;
        (double measured, double reference) = Alternation.Medians(
            PerCore.Rounds, () => PerCore.Rate((long)Frames * PerCore.FrameSize, Open), OpenSslSpeed.Aes256GcmAndSha256);
        return new Comparison(measured, reference, "GB/s");

        void Open()
        {
            using StreamOpener opener = StreamOpener.OpenPinned(new MemoryStream(file), key, digest);
            opener.CopyTo(Stream.Null);
        }
    }
}
