using System.Reflection;
using System.Runtime.InteropServices;

namespace NSec.Cryptography.Interop;

/// <summary>The functions of libsodium 1.0.18 that this assembly calls. Lengths are in bytes; 0 means success where a status is returned.</summary>
internal static partial class Libsodium
{
    private const string Library = "libsodium";

    /// <summary>The file that Debian installs; the name without a version comes only with the development package.</summary>
    private const string VersionedFile = "libsodium.so.23";

    static Libsodium() => NativeLibrary.SetDllImportResolver(typeof(Libsodium).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Library)
        {
            return 0;
        }

        return NativeLibrary.TryLoad(VersionedFile, assembly, searchPath, out nint handle)
            || NativeLibrary.TryLoad(Library, assembly, searchPath, out handle)
            ? handle
            : throw new DllNotFoundException($"{VersionedFile} is not installed (on Debian: package libsodium23).");
    }

    [LibraryImport(Library)]
    internal static partial int sodium_init();

    [LibraryImport(Library)]
    internal static partial nint sodium_malloc(nuint size);

    [LibraryImport(Library)]
    internal static partial void sodium_free(nint pointer);

    [LibraryImport(Library)]
    internal static partial int sodium_mprotect_readonly(nint pointer);

    [LibraryImport(Library)]
    internal static partial int crypto_sign_seed_keypair(Span<byte> publicKey, Span<byte> secretKey, ReadOnlySpan<byte> seed);

    [LibraryImport(Library)]
    internal static partial int crypto_sign_detached(Span<byte> signature, nint signatureLength, ReadOnlySpan<byte> message, ulong messageLength, ReadOnlySpan<byte> secretKey);

    [LibraryImport(Library)]
    internal static partial int crypto_sign_verify_detached(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> message, ulong messageLength, ReadOnlySpan<byte> publicKey);

    [LibraryImport(Library)]
    internal static partial int crypto_scalarmult_curve25519_base(Span<byte> publicKey, ReadOnlySpan<byte> secretKey);

    [LibraryImport(Library)]
    internal static partial int crypto_scalarmult_curve25519(Span<byte> sharedSecret, ReadOnlySpan<byte> secretKey, ReadOnlySpan<byte> publicKey);

    [LibraryImport(Library)]
    internal static partial nuint crypto_auth_hmacsha256_statebytes();

    [LibraryImport(Library)]
    internal static partial int crypto_auth_hmacsha256_init(Span<ulong> state, ReadOnlySpan<byte> key, nuint keyLength);

    [LibraryImport(Library)]
    internal static partial int crypto_auth_hmacsha256_update(Span<ulong> state, ReadOnlySpan<byte> data, ulong dataLength);

    [LibraryImport(Library)]
    internal static partial int crypto_auth_hmacsha256_final(Span<ulong> state, Span<byte> mac);

    [LibraryImport(Library)]
    internal static partial nuint crypto_auth_hmacsha512_statebytes();

    [LibraryImport(Library)]
    internal static partial int crypto_auth_hmacsha512_init(Span<ulong> state, ReadOnlySpan<byte> key, nuint keyLength);

    [LibraryImport(Library)]
    internal static partial int crypto_auth_hmacsha512_update(Span<ulong> state, ReadOnlySpan<byte> data, ulong dataLength);

    [LibraryImport(Library)]
    internal static partial int crypto_auth_hmacsha512_final(Span<ulong> state, Span<byte> mac);

    [LibraryImport(Library)]
    internal static partial int crypto_pwhash_argon2id(Span<byte> output, ulong outputLength, ReadOnlySpan<byte> password, ulong passwordLength, ReadOnlySpan<byte> salt, ulong passes, nuint memory, int algorithm);
}
