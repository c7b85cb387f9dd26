using Orchestrator.Crypto.Streams;

namespace Orchestrator.Bench.Streams;

/// <summary>Sealing frames without the digest.</summary>
internal sealed class SealFrames : IBenchmark
{
    public string Name => "stream-seal-frames";

    public string Method => "FrameSealer on one thread, frames of 256 KiB / openssl speed aes-256-gcm at 64 KiB; processor time.";

    public Aim Aim => Aim.AtLeast(0.85);

    public Comparison Measure()
    {
        byte[] plaintext = new byte[PerCore.FrameSize];
        byte[] frame = new byte[PerCore.FrameSize + StreamLimits.FrameOverhead];
        using StreamKey key = StreamKey.Generate();
        using var sealer = new FrameSealer(key, PerCore.Header());
        (double measured, double reference) = Alternation.Medians(
            PerCore.Rounds, () => PerCore.Rate(plaintext.Length, () => sealer.Seal(plaintext, frame)), OpenSslSpeed.Aes256Gcm);
        return new Comparison(measured, reference, "GB/s");
    }
}
