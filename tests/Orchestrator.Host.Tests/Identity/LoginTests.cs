using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Identity;

public class LoginTests
{
    [Fact]
    public async Task Login_WithTheRegisteredKey_GivesATokenThatCallsAccept()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));

        Assert.Empty((await client.Jobs.ListAsync(new ListJobsRequest(), client.Headers)).Jobs);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer ")]
    [InlineData("Bearer 0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("Basic Y2xpbmljLWE6eA==")]
    public async Task Call_WithoutAValidToken_IsRefused(string? authorization)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = host.Connect(new TestParty("clinic-a"));
        if (authorization is not null)
        {
            client.Headers.Add("authorization", authorization);
        }

        await Expect.CodeAsync(HostErrors.LoginRequired, async () => await client.Jobs.ListAsync(new ListJobsRequest(), client.Headers));
        await Expect.CodeAsync(HostErrors.LoginRequired, () => client.StatAsync(default));
        await Expect.CodeAsync(HostErrors.LoginRequired, () => client.PutAsync(default, 1, 0, new byte[1]));
        await Expect.CodeAsync(HostErrors.LoginRequired, () => client.GetAsync(default));
        await Expect.CodeAsync(HostErrors.LoginRequired, async () => await client.Parties.FindAsync(new FindPartyRequest { Name = "lab" }, client.Headers));
        await Expect.CodeAsync(HostErrors.LoginRequired, () => client.Releases.Attend(client.Headers).ResponseStream.MoveNext(default));
        await Expect.CodeAsync(HostErrors.LoginRequired, () => client.Jobs.Watch(new WatchRequest(), client.Headers).ResponseStream.MoveNext(default));
    }

    [Fact]
    public async Task Token_AfterItsHour_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));

        host.Clock.Advance(TimeSpan.FromMinutes(59));
        await client.Jobs.ListAsync(new ListJobsRequest(), client.Headers);
        host.Clock.Advance(TimeSpan.FromMinutes(1));

        await Expect.CodeAsync(HostErrors.LoginRequired, async () => await client.Jobs.ListAsync(new ListJobsRequest(), client.Headers));
    }

    [Fact]
    public async Task Token_AfterARestart_IsRefusedAndTheRegistrationKept()
    {
        await using TestHost host = await TestHost.StartAsync();
        var party = new TestParty("clinic-a");
        using HostClient before = await host.LoginAsync(party);
        Digest fingerprint = host.Server.Fingerprint;

        await host.RestartAsync();

        Assert.Equal(fingerprint, host.Server.Fingerprint);
        using HostClient after = host.Connect(party);
        after.UseToken(before.Headers[0].Value["Bearer ".Length..]);
        await Expect.CodeAsync(HostErrors.LoginRequired, async () => await after.Jobs.ListAsync(new ListJobsRequest(), after.Headers));
        await after.LoginAsync();
        await after.Jobs.ListAsync(new ListJobsRequest(), after.Headers);
    }

    [Fact]
    public async Task Login_WithAChallengeTwice_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        ByteString challenge = await client.ChallengeAsync();

        await client.LoginAsync(challenge);

        await Expect.CodeAsync(HostErrors.LoginFailed, () => client.LoginAsync(challenge));
    }

    [Fact]
    public async Task Login_WithAChallengeOlderThanAMinute_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        ByteString challenge = await client.ChallengeAsync();

        host.Clock.Advance(TimeSpan.FromMinutes(1));

        await Expect.CodeAsync(HostErrors.LoginFailed, () => client.LoginAsync(challenge));
    }

    [Fact]
    public async Task Login_WithAnotherPartysChallenge_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient clinic = await host.LoginAsync(new TestParty("clinic-a"));
        using HostClient lab = await host.LoginAsync(new TestParty("lab"));

        ByteString challenge = await lab.ChallengeAsync();

        await Expect.CodeAsync(HostErrors.LoginFailed, () => clinic.LoginAsync(challenge));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(31)]
    public async Task Login_WithAChallengeThatTheHostDidNotIssue_IsRefused(int alteredByte)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        byte[] challenge = (await client.ChallengeAsync()).ToByteArray();

        challenge[alteredByte] ^= 1;

        await Expect.CodeAsync(HostErrors.LoginFailed, () => client.LoginAsync(ByteString.CopyFrom(challenge)));
        await Expect.CodeAsync(HostErrors.LoginFailed, () => client.LoginAsync(ByteString.CopyFrom(challenge.AsSpan(0, 31))));
    }

    [Fact]
    public async Task Login_SignedForAnotherHost_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();
        await using TestHost other = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        ByteString challenge = await client.ChallengeAsync();

        await Expect.CodeAsync(HostErrors.LoginFailed, async () => await client.Parties.LoginAsync(new LoginRequest
        {
            Party = client.Party.Name,
            Challenge = challenge,
            Signature = ByteString.CopyFrom(HostClient.SignChallenge(client.Party, other.Server.Fingerprint, challenge)),
        }));
    }

    [Fact]
    public async Task Login_OfAnUnknownParty_LooksLikeAWrongSignature()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = host.Connect(new TestParty("nobody"));

        await Expect.CodeAsync(HostErrors.LoginFailed, () => client.LoginAsync());
    }
}
