using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Sdk.Tests;

public sealed class PartyIdentityTests
{
    private static string Line(TemporaryFolder folder, string name = "clinic-a")
    {
        using StoreSecret secret = StoreSecret.FromPassphrase("a long passphrase");
        using KeyStore store = KeyStore.Create(folder["home"], name, secret);
        return store.Identity.ToString();
    }

    [Fact]
    public void Identity_Parsed_PrintsTheSameLine()
    {
        using var folder = new TemporaryFolder();
        string line = Line(folder);

        Assert.StartsWith("orchestrator-party:clinic-a:", line, StringComparison.Ordinal);
        Assert.Equal(line, PartyIdentity.Parse($"  {line}\n").ToString());
    }

    [Fact]
    public void Identity_AnyCharacterChanged_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string line = Line(folder);
        for (int i = 0; i < line.Length; i++)
        {
            string altered = line[..i] + (line[i] == 'x' ? 'y' : 'x') + line[(i + 1)..];
            Assert.False(PartyIdentity.TryParse(altered, out _), altered);
        }
    }

    [Fact]
    public void Identity_LastCharacter_HasOneSpelling()
    {
        using var folder = new TemporaryFolder();
        string line = Line(folder);
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        Assert.Equal(line[^1], Assert.Single(Alphabet, last => PartyIdentity.TryParse(line[..^1] + last, out _)));
    }

    // The checksum is against mistakes: who means to deceive computes it.
    [Theory]
    [InlineData("Clinic A")]
    [InlineData("../clinic")]
    [InlineData("")]
    public void Identity_WithARightChecksumOverANameThatIsNone_IsRefused(string name)
    {
        byte[] keys = new byte[64];
        byte[] checksum = SHA256.HashData([.. Encoding.UTF8.GetBytes($"orchestrator-party\0{name}\0"), .. keys]);

        Assert.False(PartyIdentity.TryParse($"orchestrator-party:{name}:{Base64Url.EncodeToString([.. keys, .. checksum[..4]])}", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("orchestrator-party:a")]
    [InlineData("orchestrator-party:a:AAAA")]
    [InlineData("orchestrator-party:a:AAAA:b")]
    [InlineData("someone-else:a:AAAA")]
    public void Identity_OtherText_IsRefused(string line) => Assert.False(PartyIdentity.TryParse(line, out _));
}
