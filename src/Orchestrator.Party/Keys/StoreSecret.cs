using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// What opens a key store: a passphrase, stretched by Argon2id (RFC 9106), or a key file of 32 random bytes.
/// Zeroed when disposed. Prints nothing.
/// </summary>
public sealed class StoreSecret : IDisposable
{
    /// <summary>Characters that a passphrase has at least.</summary>
    public const int MinPassphraseLength = 8;

    /// <summary>Characters that a passphrase has at most.</summary>
    public const int MaxPassphraseLength = 1024;

    internal const int SaltSize = 16;
    internal const int KeySize = 32;

    private const string KeyFilePrefix = "orchestrator-key-file-v1:";
    private const int MaxKeyFileBytes = 256;
    private const int MaxPassphraseFileBytes = 8192;

    private readonly byte[] _secret;

    private StoreSecret(byte[] secret, bool isPassphrase)
    {
        _secret = secret;
        IsPassphrase = isPassphrase;
    }

    /// <summary>Whether this is a passphrase, not a key file.</summary>
    public bool IsPassphrase { get; }

    /// <summary>A passphrase of 8 to 1024 characters; it counts as its UTF-8 bytes.</summary>
    /// <exception cref="OrchestratorException"><see cref="KeyStoreErrors.BadPassphrase"/>.</exception>
    public static StoreSecret FromPassphrase(string passphrase)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        return passphrase.Length is >= MinPassphraseLength and <= MaxPassphraseLength
            ? new StoreSecret(Encoding.UTF8.GetBytes(passphrase), isPassphrase: true)
            : throw new OrchestratorException(KeyStoreErrors.BadPassphrase, $"The passphrase has {passphrase.Length} characters, not {MinPassphraseLength} to {MaxPassphraseLength}.");
    }

    /// <summary>Takes the first line of a file as the passphrase.</summary>
    /// <exception cref="OrchestratorException"><see cref="KeyStoreErrors.BadPassphrase"/> or a code of <see cref="StorageErrors"/>.</exception>
    public static StoreSecret FromPassphraseFile(string path) =>
        FromPassphrase(LocalFile.ReadAllText(path, MaxPassphraseFileBytes, KeyStoreErrors.BadPassphrase).Split('\n')[0].TrimEnd('\r'));

    /// <summary>Reads a key file.</summary>
    /// <exception cref="OrchestratorException"><see cref="KeyStoreErrors.BadKeyFile"/> or a code of <see cref="StorageErrors"/>.</exception>
    public static StoreSecret FromKeyFile(string path)
    {
        byte[] file = LocalFile.ReadAllBytes(path, MaxKeyFileBytes, KeyStoreErrors.BadKeyFile);
        try
        {
            string text = Encoding.ASCII.GetString(file).TrimEnd('\n');
            byte[] secret = new byte[KeySize];
            if (text.StartsWith(KeyFilePrefix, StringComparison.Ordinal)
                && Convert.TryFromBase64String(text[KeyFilePrefix.Length..], secret, out int written)
                && written == KeySize)
            {
                return new StoreSecret(secret, isPassphrase: false);
            }

            throw new OrchestratorException(KeyStoreErrors.BadKeyFile, $"{path} is not a key file.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }

    /// <summary>Makes a key file with a fresh secret, readable by its owner alone.</summary>
    /// <exception cref="OrchestratorException"><see cref="KeyStoreErrors.Exists"/> when the file is there already, or a code of <see cref="StorageErrors"/>.</exception>
    public static void CreateKeyFile(string path)
    {
        if (File.Exists(path))
        {
            throw new OrchestratorException(KeyStoreErrors.Exists, $"{path} exists; a key file is never overwritten.");
        }

        string text = $"{KeyFilePrefix}{Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySize))}\n";
        AtomicFile.WriteAllBytes(path, Encoding.ASCII.GetBytes(text), LocalFile.OwnerOnly);
    }

    /// <summary>Zeroes the secret.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_secret);

    /// <summary>The key that wraps the store key: 32 bytes, the caller's to zero.</summary>
    internal byte[] DeriveKey(ReadOnlySpan<byte> salt, StretchCost cost)
    {
        if (!IsPassphrase)
        {
            return HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, KeySize, salt.ToArray(), "orchestrator/key-store/v1"u8.ToArray());
        }

        var parameters = new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = cost.MemoryKiB, NumberOfPasses = cost.Passes };
        return PasswordBasedKeyDerivationAlgorithm.Argon2id(in parameters).DeriveBytes(_secret, salt, KeySize);
    }
}

/// <summary>What one guess of a passphrase costs. The default is RFC 9106's second recommendation with one lane.</summary>
/// <param name="MemoryKiB">Memory in KiB.</param>
/// <param name="Passes">Passes over it.</param>
internal readonly record struct StretchCost(int MemoryKiB, int Passes)
{
    public static StretchCost Default { get; } = new(64 * 1024, 3);
}
