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

    [Theory]
    [InlineData("")]
    [InlineData("orchestrator-party:a")]
    [InlineData("orchestrator-party:a:AAAA")]
    [InlineData("orchestrator-party:a:AAAA:b")]
    [InlineData("someone-else:a:AAAA")]
    public void Identity_OtherText_IsRefused(string line) => Assert.False(PartyIdentity.TryParse(line, out _));
}
