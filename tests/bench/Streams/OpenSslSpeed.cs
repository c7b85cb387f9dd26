using System.Globalization;

namespace Orchestrator.Bench.Streams;

/// <summary>The speed of OpenSSL itself on one core, as <c>openssl speed</c> tells it at 64 KiB, in GB a second of processor time.</summary>
internal static class OpenSslSpeed
{
    public static double Aes256Gcm() => Of("aes-256-gcm");

    /// <summary>The two serial limits together: every byte passes AES-256-GCM and SHA-256.</summary>
    public static double Aes256GcmAndSha256() => 1 / ((1 / Of("aes-256-gcm")) + (1 / Of("sha256")));

    private static double Of(string algorithm)
    {
        string output = Child.Run("openssl", "speed", "-seconds", "1", "-bytes", "65536", "-evp", algorithm).Output;
        string last = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        string kilobytes = last.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1].TrimEnd('k');
        return double.Parse(kilobytes, CultureInfo.InvariantCulture) * 1000 / 1e9;
    }
}
