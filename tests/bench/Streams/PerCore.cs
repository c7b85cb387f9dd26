using Orchestrator.Crypto.Streams;

namespace Orchestrator.Bench.Streams;

/// <summary>Measures work on one thread in GB of plaintext a second of processor time, as <c>openssl speed</c> counts.</summary>
internal static class PerCore
{
    public const int Rounds = 5;
    public const int FrameSize = StreamLimits.DefaultFrameSize;

    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(1);

    /// <summary>Repeats <paramref name="work"/> for about a second of processor time.</summary>
    /// <param name="bytes">The plaintext of one repetition.</param>
    /// <param name="work">The work.</param>
    public static double Rate(long bytes, Action work)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        TimeSpan used;
        long done = 0;
        do
        {
            work();
            done += bytes;
            used = Environment.CpuUsage.TotalTime - start;
        }
        while (used < s_least);

        return done / used.TotalSeconds / 1e9;
    }

    public static StreamHeader Header() => StreamHeader.Create(StreamKind.Data, "bench");

    /// <summary>A sealed stream in memory.</summary>
    public static byte[] Sealed(StreamKey key, int frames)
    {
        var output = new MemoryStream();
        using var sealer = new StreamSealer(output, key, Header());
        byte[] piece = new byte[FrameSize];
        for (int i = 0; i < frames; i++)
        {
            sealer.Write(piece);
        }

        sealer.Finish();
        return output.ToArray();
    }
}
