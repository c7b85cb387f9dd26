using Orchestrator.Crypto.Streams;

namespace Orchestrator.Bench.Streams;

/// <summary>Opening frames without the digest.</summary>
internal sealed class OpenFrames : IBenchmark
{
    public string Name => "stream-open-frames";

    public string Method => "FrameOpener on one thread, frames of 256 KiB / openssl speed aes-256-gcm at 64 KiB; processor time.";

    public Aim Aim => Aim.AtLeast(0.85);

    public Comparison Measure()
    {
        byte[] plaintext = new byte[PerCore.FrameSize];
        byte[] frame = new byte[PerCore.FrameSize + StreamLimits.FrameOverhead];
        using StreamKey key = StreamKey.Generate();
        using var sealer = new FrameSealer(key, PerCore.Header());
        sealer.Seal(plaintext, frame);
        if (!FrameOpener.TryCreate(key, sealer.Prologue, out FrameOpener? opener))
        {
            throw new InvalidOperationException("The key does not fit its own stream.");
        }

        using (opener)
        {
            (double measured, double reference) = Alternation.Medians(PerCore.Rounds, () => PerCore.Rate(plaintext.Length, Open), OpenSslSpeed.Aes256Gcm);
            return new Comparison(measured, reference, "GB/s");
        }

        void Open()
        {
            if (!opener.TryOpen(frame, plaintext, out _, out _))
            {
                throw new InvalidOperationException("A frame does not open.");
            }
        }
    }
}
