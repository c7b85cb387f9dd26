using System.Security.Cryptography;
using System.Text;
using Orchestrator.Attestation;

namespace Orchestrator.Device.Identity;

/// <summary>
/// Derives the device's lasting keys from its unique device secret (UDS), as DICE with an attestable update of the first
/// mutable layer does: the DCK depends on the secret alone, the DeviceID on the secret and the CCU firmware. Updated
/// firmware is a new DeviceID under the same DCK. Labels and derivation: <c>docs/spec/device.md</c>.
/// </summary>
public static class DiceEngine
{
    /// <summary>Bytes of the unique device secret.</summary>
    public const int SecretSize = 32;

    private const int DerivedSize = 48;

    private static readonly byte[] HdiSalt = Encoding.ASCII.GetBytes("orchestrator/dice/hdi/v1");
    private static readonly byte[] CounterSalt = Encoding.ASCII.GetBytes("orchestrator/dice/counter/v1");
    private static readonly byte[] CdiSalt = Encoding.ASCII.GetBytes("orchestrator/dice/cdi/v1");

    /// <summary>The device certificate authority key: HDI = HKDF(salt, UDS), then a key pair from HDI.</summary>
    /// <param name="secret">The UDS, 32 bytes.</param>
    public static ECDsa DeriveDck(ReadOnlySpan<byte> secret) => Derive(secret, HdiSalt, []);

    /// <summary>The device identity key: CDI = HKDF(salt, UDS, measurement), then a key pair from CDI.</summary>
    /// <param name="secret">The UDS, 32 bytes.</param>
    /// <param name="firmware">Measurement of the CCU firmware.</param>
    public static ECDsa DeriveDeviceId(ReadOnlySpan<byte> secret, Measurement firmware) => Derive(secret, CdiSalt, firmware.ToArray());

    /// <summary>The key that authenticates the stored counters: HKDF(salt, UDS), 48 bytes.</summary>
    /// <param name="secret">The UDS, 32 bytes.</param>
    public static byte[] DeriveCounterKey(ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, SecretSize);
        byte[] key = new byte[DerivedSize];
        HKDF.DeriveKey(HashAlgorithmName.SHA384, secret, key, CounterSalt, []);
        return key;
    }

    private static ECDsa Derive(ReadOnlySpan<byte> secret, byte[] salt, byte[] info)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, SecretSize);
        Span<byte> identifier = stackalloc byte[DerivedSize];
        try
        {
            HKDF.DeriveKey(HashAlgorithmName.SHA384, secret, identifier, salt, info);
            return DeterministicKey.Derive(identifier);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(identifier);
        }
    }
}
