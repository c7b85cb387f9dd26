using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NSec.Cryptography;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Sdk.Tests.Keys;

/// <summary>docs/spec/key-store.md, step by step, by code that shares nothing with the key store's.</summary>
public sealed class KeyStoreVectorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly JsonElement _vector = JsonDocument.Parse(File.ReadAllText(Documents.Vector("key-store/vectors.json"))).RootElement;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Vector_WrappingKey_IsThePassphraseStretched()
    {
        var parameters = new Argon2Parameters
        {
            DegreeOfParallelism = 1,
            MemorySize = _vector.GetProperty("memory_kib").GetInt32(),
            NumberOfPasses = _vector.GetProperty("passes").GetInt32(),
        };
        byte[] stretched = PasswordBasedKeyDerivationAlgorithm.Argon2id(in parameters)
            .DeriveBytes(Encoding.UTF8.GetBytes(_vector.GetProperty("passphrase").GetString()!), Hex(_vector, "salt"), 32);

        Assert.Equal(Hex(_vector, "wrapping_key"), stretched);
    }

    [Fact]
    public void Vector_Store_UnwrapsToTheStoreKey()
    {
        var store = (CborMap)CborValue.Decode(Hex(_vector, "store"));
        Assert.True(store.TryGet("parameters", out CborValue? parameters));
        Assert.True(store.TryGet("wrapped", out CborValue? wrapped));

        Assert.Equal(Hex(_vector, "store_key"), Open(Hex(_vector, "wrapping_key"), ((CborBytes)wrapped).Value.Span, parameters.Encode()));
    }

    [Fact]
    public void Vector_Records_OpenInTheirPlaces()
    {
        JsonElement[] records = [.. _vector.GetProperty("records").EnumerateArray()];
        Assert.Equal(3, records.Length);
        Assert.All(records, record => Assert.Equal(
            Hex(record, "content"),
            Open(Hex(_vector, "store_key"), Hex(record, "sealed"), Encoding.UTF8.GetBytes($"orchestrator/key-store/v1\0{record.GetProperty("path").GetString()}"))));
    }

    [Fact]
    public void Vector_Folder_IsOpenedByTheKeyStore()
    {
        File.WriteAllBytes(_folder["store"], Hex(_vector, "store"));
        foreach (JsonElement record in _vector.GetProperty("records").EnumerateArray())
        {
            string path = _folder[record.GetProperty("path").GetString()!];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, Hex(record, "sealed"));
        }

        using StoreSecret secret = StoreSecret.FromPassphrase(_vector.GetProperty("passphrase").GetString()!);
        using KeyStore store = KeyStore.Open(_folder.Path, secret);
        using StreamKey key = store.StreamKeyOf(Digest.Of("stream"u8));
        byte[] keyBytes = new byte[StreamKey.Size];
        key.Export(keyBytes);

        Assert.Equal(_vector.GetProperty("identity").GetString(), store.Identity.ToString());
        Assert.Equal(Hex(_vector.GetProperty("records")[1], "content"), keyBytes);
        Assert.Equal(Digest.Of("certificate"u8), store.FindHost("host.example:7443"));
    }

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);

    private static byte[] Open(byte[] key, ReadOnlySpan<byte> sealedBytes, byte[] place)
    {
        byte[] plaintext = new byte[sealedBytes.Length - 28];
        using var cipher = new AesGcm(key, 16);
        cipher.Decrypt(sealedBytes[..12], sealedBytes[12..^16], sealedBytes[^16..], plaintext, place);
        return plaintext;
    }
}
