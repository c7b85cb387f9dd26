using System.Globalization;

namespace Orchestrator.Bench.Streams;

/// <summary>The speed of OpenSSL itself on one core, as <c>openssl speed</c> tells it, at 64 KiB where nothing else is said, in GB a second of processor time.</summary>
internal static class OpenSslSpeed
{
    public static double Aes256Gcm() => Of("aes-256-gcm");

    /// <summary>The two serial limits together: every byte passes AES-256-GCM and SHA-256.</summary>
    public static double Aes256GcmAndSha256() => 1 / ((1 / Of("aes-256-gcm")) + (1 / Of("sha256")));

    /// <summary>SHA-256 of 4 KiB at a time.</summary>
    public static double Sha256OfBlocks() => Of("sha256", 4096);

    private static double Of(string algorithm, int bytes = 65536)
    {
        string output = Child.Run("openssl", "speed", "-seconds", "1", "-bytes", bytes.ToString(CultureInfo.InvariantCulture), "-evp", algorithm).Output;
        string last = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        string kilobytes = last.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1].TrimEnd('k');
        return double.Parse(kilobytes, CultureInfo.InvariantCulture) * 1000 / 1e9;
    }
}
