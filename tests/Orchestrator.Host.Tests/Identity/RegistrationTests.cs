using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Identity;

public class RegistrationTests
{
    [Fact]
    public async Task Register_Again_ChangesNothing()
    {
        await using TestHost host = await TestHost.StartAsync();
        var party = new TestParty("clinic-a");
        using HostClient client = await host.LoginAsync(party);

        await client.RegisterAsync();
        PartyIdentity found = await client.Parties.FindAsync(new FindPartyRequest { Name = "clinic-a" }, client.Headers);

        Assert.Equal(party.SigningKey.VerificationKey.ToArray(), found.SigningKey.ToByteArray());
        Assert.Equal(party.SealingKey.PublicKey.ToArray(), found.SealingKey.ToByteArray());
    }

    [Fact]
    public async Task Register_AKnownNameWithOtherKeys_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient first = await host.LoginAsync(new TestParty("clinic-a"));
        using HostClient second = host.Connect(new TestParty("clinic-a"));

        await Expect.CodeAsync(HostErrors.PartyNameTaken, () => second.RegisterAsync());
    }

    [Fact]
    public async Task Find_OfAnUnknownName_IsNotFound()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));

        await Expect.CodeAsync(HostErrors.PartyNotFound, async () => await client.Parties.FindAsync(new FindPartyRequest { Name = "nobody" }, client.Headers));
    }

    [Fact]
    public async Task Register_WithAProofForAnotherHost_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        await using TestHost other = await TestHost.StartAsync();
        using HostClient client = host.Connect(new TestParty("clinic-a"));
        RegisterRequest request = client.Registration();

        request.Proof = ByteString.CopyFrom(HostClient.Proof(client.Party, other.Server.Fingerprint));

        await Expect.CodeAsync(HostErrors.PartyProofInvalid, async () => await client.Parties.RegisterAsync(request));
    }

    [Fact]
    public async Task Register_WithASealingKeyThatTheProofDoesNotCover_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = host.Connect(new TestParty("clinic-a"));
        RegisterRequest request = client.Registration();

        request.Identity.SealingKey = ByteString.CopyFrom(new TestParty("x").SealingKey.PublicKey.ToArray());

        await Expect.CodeAsync(HostErrors.PartyProofInvalid, async () => await client.Parties.RegisterAsync(request));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Clinic")]
    [InlineData("-clinic")]
    [InlineData("../clinic")]
    [InlineData("clinic\u0000a")]
    [InlineData("clinic a")]
    [InlineData("a123456789a123456789a123456789a123456789a123456789a123456789a1234")]
    public async Task Register_WithAnIllFormedName_IsRefused(string name)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = host.Connect(new TestParty("clinic-a"));
        RegisterRequest request = client.Registration();

        request.Identity.Name = name;
        request.Proof = ByteString.CopyFrom(HostClient.Proof(client.Party, host.Server.Fingerprint, name));

        await Expect.CodeAsync(HostErrors.PartyInvalid, async () => await client.Parties.RegisterAsync(request));
    }

    [Theory]
    [InlineData(31, false)]
    [InlineData(0, false)]
    [InlineData(31, true)]
    [InlineData(0, true)]
    public async Task Register_WithAKeyThatIsNone_IsRefused(int length, bool sealing)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = host.Connect(new TestParty("clinic-a"));
        RegisterRequest request = client.Registration();
        var key = ByteString.CopyFrom(new byte[length]);
        if (sealing)
        {
            request.Identity.SealingKey = key;
        }
        else
        {
            request.Identity.SigningKey = key;
        }

        request.Proof = ByteString.CopyFrom(client.Party.SigningKey.Sign(
            [.. "orchestrator/register/v1"u8, 0, .. host.Server.Fingerprint.ToArray(), .. "clinic-a"u8, 0, .. request.Identity.SigningKey.Span, .. request.Identity.SealingKey.Span]));

        await Expect.CodeAsync(HostErrors.PartyInvalid, async () => await client.Parties.RegisterAsync(request));
    }

    [Fact]
    public async Task Register_WithNothing_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = host.Connect(new TestParty("clinic-a"));

        await Expect.CodeAsync(HostErrors.PartyInvalid, async () => await client.Parties.RegisterAsync(new RegisterRequest()));
    }
}
