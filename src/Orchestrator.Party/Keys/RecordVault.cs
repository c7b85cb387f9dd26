using System.Security.Cryptography;
using System.Text;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// A folder of small encrypted records under one random store key, which the party's <see cref="StoreSecret"/> wraps.
/// A record's place is its associated data, so none can be passed off as another. Format: docs/spec/key-store.md.
/// </summary>
/// <remarks>Several processes may use one folder: every write replaces one whole file.</remarks>
internal sealed class RecordVault : IDisposable
{
    public const string FileName = "store";
    public const int MaxRecordBytes = 4 << 20;

    private const string Type = "orchestrator/key-store/v1";
    private const string TurnFile = "turn";
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int MaxStoreFileBytes = 1024;
    private const int MinMemoryKiB = 8;
    private const int MaxMemoryKiB = 4 << 20;
    private const int MaxPasses = 64;

    private readonly string _folder;
    private readonly byte[] _storeKey;

    private RecordVault(string folder, byte[] storeKey)
    {
        _folder = folder;
        _storeKey = storeKey;
    }

    /// <summary>Makes a vault. It is there once <paramref name="fill"/> has written its first records, not before.</summary>
    public static RecordVault Create(string folder, StoreSecret secret, StretchCost cost, Action<RecordVault> fill)
    {
        RequireNoneAt(folder);
        string file = Path.Combine(folder, FileName);
        LocalFile.CreatePrivateFolder(folder);
        byte[] storeKey = RandomNumberGenerator.GetBytes(StoreSecret.KeySize);
        byte[] salt = RandomNumberGenerator.GetBytes(StoreSecret.SaltSize);
        CborMap parameters = Parameters(secret.IsPassphrase ? cost : null, salt);
        byte[] wrapping = secret.DeriveKey(salt, cost);
        byte[] wrapped = Seal(wrapping, storeKey, parameters.Encode());
        CryptographicOperations.ZeroMemory(wrapping);
        var vault = new RecordVault(folder, storeKey);
        fill(vault);
        AtomicFile.WriteAllBytes(file, CborMap.Of(("parameters", parameters), ("wrapped", wrapped)).Encode(), LocalFile.OwnerOnly);
        return vault;
    }

    /// <summary>Checks that a folder holds no vault.</summary>
    public static void RequireNoneAt(string folder)
    {
        if (File.Exists(Path.Combine(folder, FileName)))
        {
            throw new OrchestratorException(KeyStoreErrors.Exists, $"{folder} already holds a key store.");
        }
    }

    /// <summary>Checks that a folder holds a vault.</summary>
    public static void RequireAt(string folder)
    {
        if (!File.Exists(Path.Combine(folder, FileName)))
        {
            throw new OrchestratorException(KeyStoreErrors.Missing, $"{folder} holds no key store.");
        }
    }

    /// <summary>Opens a vault.</summary>
    public static RecordVault Open(string folder, StoreSecret secret)
    {
        RequireAt(folder);
        string file = Path.Combine(folder, FileName);
        byte[] content = LocalFile.ReadAllBytes(file, MaxStoreFileBytes, KeyStoreErrors.Damaged);
        (CborValue parameters, StretchCost? cost, byte[] salt, byte[] wrapped) = Decode(content, file);
        if (cost is null == secret.IsPassphrase)
        {
            throw new OrchestratorException(KeyStoreErrors.WrongProtection, $"{folder} is opened by a {(cost is null ? "key file" : "passphrase")}.");
        }

        byte[] wrapping = secret.DeriveKey(salt, cost ?? default);
        byte[]? storeKey = TryOpen(wrapping, wrapped, parameters.Encode());
        CryptographicOperations.ZeroMemory(wrapping);
        return storeKey is not null
            ? new RecordVault(folder, storeKey)
            : throw new OrchestratorException(
                secret.IsPassphrase ? KeyStoreErrors.WrongPassphrase : KeyStoreErrors.WrongKeyFile,
                $"The {(secret.IsPassphrase ? "passphrase" : "key file")} does not open {folder}.");
    }

    /// <summary>Writes or replaces a record.</summary>
    public void Put(string kind, string name, ReadOnlySpan<byte> content)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, MaxRecordBytes);
        LocalFile.CreatePrivateFolder(Path.Combine(_folder, kind));
        byte[] record = Seal(_storeKey, content, Place(kind, name));
        AtomicFile.WriteAllBytes(PathOf(kind, name), record, LocalFile.OwnerOnly);
    }

    /// <summary>A record's content, the caller's to zero; <see langword="null"/> if there is none.</summary>
    public byte[]? TryGet(string kind, string name)
    {
        string path = PathOf(kind, name);
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] record = LocalFile.ReadAllBytes(path, MaxRecordBytes + NonceSize + TagSize, KeyStoreErrors.Damaged);
        return TryOpen(_storeKey, record, Place(kind, name))
            ?? throw new OrchestratorException(KeyStoreErrors.Damaged, $"{path} was altered, moved or damaged.");
    }

    /// <summary>Names of the records of a kind, in order.</summary>
    public IReadOnlyList<string> Names(string kind)
    {
        var folder = new DirectoryInfo(Path.Combine(_folder, kind));
        return folder.Exists
            ? [.. folder.EnumerateFiles().Select(file => file.Name).Where(name => !name.EndsWith(".partial", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>Forgets a record, if there is one.</summary>
    public void Delete(string kind, string name)
    {
        string path = PathOf(kind, name);
        if (File.Exists(path))
        {
            LocalFile.Guard(path, () =>
            {
                File.Delete(path);
                return true;
            });
        }
    }

    /// <summary>Waits until no other process that has taken its turn uses the folder.</summary>
    public FileTurn TakeTurn() => FileTurn.Take(Path.Combine(_folder, TurnFile));

    public void Dispose() => CryptographicOperations.ZeroMemory(_storeKey);

    private static CborMap Parameters(StretchCost? cost, byte[] salt) => CborMap.Of(
        ("type", Type),
        ("protection", cost is null ? "key_file" : "passphrase"),
        ("memory_kib", cost is { MemoryKiB: var memory } ? (CborValue)memory : null),
        ("passes", cost is { Passes: var passes } ? (CborValue)passes : null),
        ("salt", salt));

    private static (CborValue Parameters, StretchCost? Cost, byte[] Salt, byte[] Wrapped) Decode(byte[] content, string file)
    {
        try
        {
            return CborValue.Decode(content).As("store").ReadMap(map =>
            {
                CborField parameters = map.Required("parameters");
                (StretchCost? cost, byte[] salt) = parameters.ReadMap(ReadParameters);
                byte[] wrapped = map.Required("wrapped").AsFixedBytes(NonceSize + StoreSecret.KeySize + TagSize).ToArray();
                return (parameters.Value, cost, salt, wrapped);
            });
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(KeyStoreErrors.Damaged, $"{file} is damaged: {e.Message}", inner: e);
        }
    }

    private static (StretchCost? Cost, byte[] Salt) ReadParameters(CborMapReader map)
    {
        CborField type = map.Required("type");
        if (type.AsText() != Type)
        {
            throw type.OutOfRange($"is not {Type}");
        }

        byte[] salt = map.Required("salt").AsFixedBytes(StoreSecret.SaltSize).ToArray();
        CborField protection = map.Required("protection");
        return protection.AsText() switch
        {
            "key_file" => (null, salt),
            "passphrase" => (new StretchCost(map.Required("memory_kib").AsInt32(MinMemoryKiB, MaxMemoryKiB), map.Required("passes").AsInt32(1, MaxPasses)), salt),
            _ => throw protection.OutOfRange("is neither passphrase nor key_file"),
        };
    }

    private static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> place)
    {
        byte[] sealedBytes = new byte[NonceSize + plaintext.Length + TagSize];
        Span<byte> nonce = sealedBytes.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagSize);
        cipher.Encrypt(nonce, plaintext, sealedBytes.AsSpan(NonceSize, plaintext.Length), sealedBytes.AsSpan(^TagSize), place);
        return sealedBytes;
    }

    private static byte[]? TryOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> place)
    {
        if (sealedBytes.Length < NonceSize + TagSize)
        {
            return null;
        }

        byte[] plaintext = new byte[sealedBytes.Length - NonceSize - TagSize];
        using var cipher = new AesGcm(key, TagSize);
        try
        {
            cipher.Decrypt(sealedBytes[..NonceSize], sealedBytes[NonceSize..^TagSize], sealedBytes[^TagSize..], plaintext, place);
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] Place(string kind, string name) => Encoding.UTF8.GetBytes($"{Type}\0{kind}/{name}");

    private string PathOf(string kind, string name) => Path.Combine(_folder, kind, name);
}
