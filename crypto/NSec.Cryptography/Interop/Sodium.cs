namespace NSec.Cryptography.Interop;

/// <summary>Initializes libsodium once, before its first use.</summary>
internal static class Sodium
{
    // sodium_init: 0 the first time, 1 afterwards, -1 on failure. It is thread-safe.
    private static readonly int s_status = Libsodium.sodium_init();

    public static void Initialize()
    {
        if (s_status < 0)
        {
            throw new InvalidOperationException("libsodium could not be initialized.");
        }
    }

    /// <summary>Throws if a function that only fails on misuse or lack of memory did.</summary>
    public static void Check(int status)
    {
        if (status != 0)
        {
            throw new InvalidOperationException("libsodium reported a failure.");
        }
    }
}
