using System.Runtime.CompilerServices;
using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>An algorithm with all its parameters. A key belongs to exactly one.</summary>
public abstract class Algorithm
{
    private protected Algorithm() => Sodium.Initialize();

    /// <summary>Two algorithms are equal if they are the same object.</summary>
    public sealed override bool Equals(object? obj) => this == obj;

    /// <inheritdoc/>
    public sealed override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    /// <summary>The name of the type.</summary>
    public sealed override string? ToString() => GetType().ToString();

    /// <summary>The size of the private key in its raw format, and of the seed that a key is made of; 0 if the algorithm has no keys.</summary>
    internal virtual int SeedSize => 0;

    internal virtual int RawPublicKeySize => 0;

    /// <summary>Fills <paramref name="publicKey"/> and returns what the algorithm works with as secret key.</summary>
    internal virtual SecureMemoryHandle CreateKey(ReadOnlySpan<byte> seed, Span<byte> publicKey) =>
        throw new NotSupportedException("The algorithm has no keys.");
}
