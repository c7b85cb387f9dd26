using Microsoft.Win32.SafeHandles;
using Orchestrator.Bench.Streams;
using Orchestrator.Containers.Verity;

namespace Orchestrator.Bench.Images;

/// <summary>Hash trees over layer images, on one core and on all.</summary>
internal sealed class VerityHashing(bool allCores) : IBenchmark
{
    private const int Length = 256 << 20;

    public string Name => allCores ? "verity-cores" : "verity-core";

    public string Method => allCores
        ? "VerityTree over a file of 256 MiB in memory, all cores, by the clock / openssl speed sha256 at 4 KiB on one core, times the cores."
        : "Verity hashes of blocks in memory on one thread / openssl speed sha256 at 4 KiB; processor time.";

    public Aim Aim => Aim.AtLeast(allCores ? 0.7 : 0.8);

    public Comparison Measure()
    {
        (double measured, double reference) = allCores ? Cores() : Core();
        return new Comparison(measured, reference, "GB/s");
    }

    private static (double Measured, double Reference) Core()
    {
        byte[] blocks = new byte[VerityFormat.SaltSize + (256 * VerityFormat.BlockSize)];
        byte[] hashes = new byte[256 * VerityFormat.HashSize];
        return Alternation.Medians(PerCore.Rounds, () => PerCore.Rate(blocks.Length, () => VerityFormat.HashBlocks(blocks, hashes)), OpenSslSpeed.Sha256OfBlocks);
    }

    private static (double Measured, double Reference) Cores()
    {
        using var scratch = new Scratch(Length);
        using SafeFileHandle file = File.OpenHandle(scratch.Random("image", Length));
        return Alternation.Medians(
            PerCore.Rounds,
            () => Clock.Rate(Length, () => VerityTree.Compute(file, Length / VerityFormat.BlockSize)),
            () => OpenSslSpeed.Sha256OfBlocks() * Environment.ProcessorCount);
    }
}
