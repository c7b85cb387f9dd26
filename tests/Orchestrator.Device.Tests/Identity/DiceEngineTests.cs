using System.Security.Cryptography;
using Orchestrator.Attestation;
using Orchestrator.Device.Identity;

namespace Orchestrator.Device.Tests.Identity;

public sealed class DiceEngineTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(0, DiceEngine.SecretSize).Select(i => (byte)i)];

    [Fact]
    public void Derive_SameSecretAndFirmware_GivesTheSameKeys()
    {
        Assert.Equal(PublicOf(DiceEngine.DeriveDck(Secret)), PublicOf(DiceEngine.DeriveDck(Secret)));
        Assert.Equal(PublicOf(DiceEngine.DeriveDeviceId(Secret, Measurement.Of([1]))), PublicOf(DiceEngine.DeriveDeviceId(Secret, Measurement.Of([1]))));
    }

    [Fact]
    public void Derive_AnotherSecretOrFirmware_GivesOtherKeys()
    {
        byte[] other = [.. Secret];
        other[^1] ^= 1;
        string[] keys =
        [
            PublicOf(DiceEngine.DeriveDck(Secret)),
            PublicOf(DiceEngine.DeriveDck(other)),
            PublicOf(DiceEngine.DeriveDeviceId(Secret, Measurement.Of([1]))),
            PublicOf(DiceEngine.DeriveDeviceId(Secret, Measurement.Of([2]))),
            PublicOf(DiceEngine.DeriveDeviceId(other, Measurement.Of([1]))),
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void Derive_KnownSecret_FollowsTheSpecification()
    {
        // Recomputed step by step from docs/spec/device.md with the platform's primitives.
        byte[] hdi = HKDF.DeriveKey(HashAlgorithmName.SHA384, Secret, 48, "orchestrator/dice/hdi/v1"u8.ToArray(), []);
        byte[] candidate = HKDF.Expand(HashAlgorithmName.SHA384, hdi, 48, [.. "orchestrator/dice/p384/v1"u8, 0]);
        var scalar = new System.Numerics.BigInteger(candidate, isUnsigned: true, isBigEndian: true) + 1;
        byte[] d = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        using var expected = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP384, D = [.. new byte[48 - d.Length], .. d] });
        Assert.Equal(PublicOf(expected), PublicOf(DiceEngine.DeriveDck(Secret)));
    }

    [Fact]
    public void Derive_SecretOfAnotherLength_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => DiceEngine.DeriveDck(Secret.AsSpan(1)));

    private static string PublicOf(ECDsa key)
    {
        using (key)
        {
            return Convert.ToHexString(key.ExportSubjectPublicKeyInfo());
        }
    }
}
