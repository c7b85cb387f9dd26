using System.Security.Cryptography;
using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>Argon2id version 1.3 (RFC 9106) with one lane and a salt of 16 bytes, which is what libsodium offers.</summary>
public sealed class Argon2id : PasswordBasedKeyDerivationAlgorithm
{
    private const int Argon2id13 = 2;
    private const int SaltSize = 16;
    private const int MinOutput = 16;
    private const long MinMemory = 8;
    private const long MaxMemory = 4398046510080 / 1024;

    private readonly ulong _passes;
    private readonly nuint _memory;

    /// <summary>Fixes the cost.</summary>
    /// <exception cref="ArgumentException">It is outside libsodium's limits: one lane, at least 8 KiB, at least one pass.</exception>
    public Argon2id(in Argon2Parameters parameters)
        : base(SaltSize)
    {
        if (parameters.DegreeOfParallelism != 1
            || parameters.MemorySize is < MinMemory or > MaxMemory
            || parameters.NumberOfPasses is < 1 or > uint.MaxValue)
        {
            throw new ArgumentException("The parameters are outside libsodium's limits.", nameof(parameters));
        }

        _memory = (nuint)(parameters.MemorySize * 1024);
        _passes = (ulong)parameters.NumberOfPasses;
    }

    private protected override void DeriveBytesCore(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> bytes)
    {
        // libsodium yields no fewer than 16 bytes; upstream then returns the first of those.
        Span<byte> shortest = stackalloc byte[MinOutput];
        Span<byte> output = bytes.Length < MinOutput ? shortest : bytes;
        if (Libsodium.crypto_pwhash_argon2id(output, (ulong)output.Length, password, (ulong)password.Length, salt, _passes, _memory, Argon2id13) != 0)
        {
            throw new CryptographicException("The key derivation failed, probably for lack of memory.");
        }

        if (bytes.Length < MinOutput)
        {
            shortest[..bytes.Length].CopyTo(bytes);
            CryptographicOperations.ZeroMemory(shortest);
        }
    }
}
