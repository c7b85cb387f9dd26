using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Attestation;
using Orchestrator.Device.Identity;
using Orchestrator.Device.Tests.Support;

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
    public void Derive_Vectors_GiveTheirKeys()
    {
        JsonElement[] vectors = [.. Read().EnumerateArray()];
        Assert.NotEmpty(vectors);
        foreach (JsonElement vector in vectors)
        {
            byte[] secret = Hex(vector, "uds");
            Assert.Equal(vector.GetProperty("dck").GetProperty("public_key").GetString(), PublicOf(DiceEngine.DeriveDck(secret)), ignoreCase: true);
            Assert.Equal(
                vector.GetProperty("device_id").GetProperty("public_key").GetString(),
                PublicOf(DiceEngine.DeriveDeviceId(secret, new Measurement(Hex(vector, "measurement")))), ignoreCase: true);
        }
    }

    [Fact]
    public void Derive_SecretOfAnotherLength_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => DiceEngine.DeriveDck(Secret.AsSpan(1)));

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);

    private static JsonElement Read() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Vectors", "device", "dice.json"))).RootElement;

    private static string PublicOf(ECDsa key)
    {
        using (key)
        {
            return Convert.ToHexString(key.ExportSubjectPublicKeyInfo());
        }
    }
}
