namespace NSec.Cryptography.Tests;

/// <summary>A key for tests that is the same in every run: the bytes 1 to 32.</summary>
internal static class FixedKey
{
    public static readonly byte[] Seed = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    public static Key Import(Algorithm algorithm, KeyExportPolicies policy = KeyExportPolicies.None) =>
        Key.Import(algorithm, Seed, KeyBlobFormat.RawPrivateKey, new KeyCreationParameters { ExportPolicy = policy });
}
