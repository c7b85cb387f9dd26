using System.Collections.Immutable;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Releases;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Sdk.Tests.Agents;

public sealed class ReleaseAgentTests : IAsyncLifetime
{
    private readonly TestVendor _vendor = new();
    private readonly HpkePrivateKey _session = HpkePrivateKey.Generate();
    private readonly CancellationTokenSource _end = new();
    private Consortium _parties = null!;
    private ScriptedHost _host = null!;
    private HostConnection _connection = null!;
    private Party _party = null!;
    private Manifest _manifest = null!;
    private Task _agent = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _parties = await Consortium.CreateAsync();
        _host = await ScriptedHost.StartAsync();
        _manifest = Compile();
        using StoreSecret secret = StoreSecret.FromPassphrase(Samples.Passphrase);
        _party = await Party.OpenAsync(_parties["clinic-a-home"], secret, new FixedTime(TestVendor.Now));
        _connection = await _party.ConnectAsync(_host.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _agent.WaitAsync(TimeSpan.FromSeconds(60)));
        await _connection.DisposeAsync();
        await _host.DisposeAsync();
        _party.Dispose();
        _parties.Dispose();
        _session.Dispose();
        _end.Dispose();
    }

    [Fact]
    public async Task Agent_ApprovedJobOnAcceptedDevice_ReleasesExactlyItsKeysToThatSession()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);

        (AgentMessage answer, Evidence evidence) = await OfferAsync(await NonceAsync());

        using KeyPackage package = KeyPackage.Open(answer.KeyPackage.SealedPackage.Memory, "clinic-a", _session, PreparedJob.Of(_manifest, []), evidence.Digest);
        ManifestStream own = Assert.Single(_manifest.StreamsOf("clinic-a"));
        Assert.Equal([own.Id], package.Keys.Keys);
        Assert.Equal(Bytes(_party.Keys.StreamKeyOf(own.Digest)), Bytes(package.Keys[own.Id]));
        Assert.Equal(_party.Keys.CheckpointShareOf(_manifest.Digest).Export(), package.Share.Export());
        JsonElement logged = Log()[^1];
        Assert.Equal("released", logged.GetProperty("decision").GetString());
        Assert.Equal(evidence.Digest.ToString(), logged.GetProperty("quote").GetString());
    }

    [Fact]
    public async Task Agent_JobThatWasNotApprovedHere_GetsNeitherNonceNorKeys()
    {
        await AttendAsync(Policy());

        AgentMessage nonce = await _host.AskAsync(new HostMessage { NonceRequest = new NonceRequest { Job = Name(_manifest.Digest), Attempt = 1 } });
        (AgentMessage keys, _) = await OfferAsync(new byte[Quote.NonceSize]);

        Assert.Equal(["job-not-approved-here"], Codes(nonce));
        Assert.Equal(["job-not-approved-here"], Codes(keys));
        Assert.All(Log(), entry => Assert.Equal("refused", entry.GetProperty("decision").GetString()));
    }

    [Fact]
    public async Task Agent_AskedForKeysOfAStageThatTheJobHasNot_Refuses()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);

        AgentMessage answer = await _host.AskAsync(new HostMessage
        {
            QuoteOffer = new QuoteOffer { Job = Name(_manifest.Digest), Attempt = 1, Stage = "ghost", Evidence = ByteString.CopyFrom(1, 2, 3) },
        });

        Assert.Equal([StageErrors.Unknown.Id], Codes(answer));
    }

    [Fact]
    public async Task Agent_ApprovalTakenBackBetweenNonceAndQuote_ReleasesNothing()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        byte[] nonce = await NonceAsync();
        _party.Keys.RemoveApproval(_manifest.Digest);

        Assert.Equal(["job-not-approved-here"], Codes((await OfferAsync(nonce)).Answer));
    }

    [Fact]
    public async Task Agent_SameQuoteTwice_ReleasesOnce()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        byte[] nonce = await NonceAsync();

        Assert.NotNull((await OfferAsync(nonce)).Answer.KeyPackage);
        Assert.Equal(["release-nonce-mismatch", "release-session-forked"], Codes((await OfferAsync(nonce)).Answer));
    }

    [Fact]
    public async Task Agent_NonceOfAnotherAttempt_IsRefused()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        byte[] nonce = await NonceAsync(attempt: 1);

        Assert.Equal(["release-nonce-mismatch"], Codes((await OfferAsync(nonce, attempt: 2)).Answer));
    }

    public static TheoryData<string, Func<Quote, Quote>> Lies => new()
    {
        { "release-manifest-mismatch", quote => quote with { Manifest = Digest.Of("another"u8) } },
        { "release-mode-untrusted", quote => quote with { Mode = Quote.OrdinaryMode } },
        { "release-tiles-unconfined", quote => quote with { Confined = false } },
        { "release-checkpoint-unexpected", quote => quote with { Checkpoint = new CheckpointClaim(Digest.Of("old"u8), 1, 1) } },
        { "attestation-claims-disagree", quote => quote with { Debug = true } },
        { "attestation-claims-disagree", quote => quote with { Firmware = quote.Firmware with { Ccu = Measurement.Of([9]) } } },
        { "attestation-claims-disagree", quote => quote with { SecurityVersion = 2 } },
    };

    [Theory]
    [MemberData(nameof(Lies), DisableDiscoveryEnumeration = true)]
    public async Task Agent_QuoteWithAWrongClaim_IsRefused(string code, Func<Quote, Quote> lie)
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);

        Assert.Equal([code], Codes((await OfferAsync(await NonceAsync(), alter: lie)).Answer));
    }

    [Fact]
    public async Task Agent_SeveralThingsWrong_NamesThemAll()
    {
        await AttendAsync(Policy(allow: ""));
        _party.Keys.AddApproval(_manifest);

        string[] codes = Codes((await OfferAsync(new byte[Quote.NonceSize], alter: quote => quote with { Confined = false })).Answer);

        Assert.Equal(
            ["release-device-simulated", "release-nonce-mismatch", "release-revocation-unknown", "release-tiles-unconfined"],
            codes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Agent_DeviceOfAForeignVendor_IsRefused()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);

        string code = Assert.Single(Codes((await OfferAsync(await NonceAsync(), vendor: new TestVendor())).Answer));
        Assert.StartsWith("attestation-", code, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_EvidenceThatIsNone_IsRefused()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        await NonceAsync();

        AgentMessage answer = await _host.AskAsync(
            new HostMessage { QuoteOffer = new QuoteOffer { Job = Name(_manifest.Digest), Attempt = 1, Evidence = ByteString.CopyFromUtf8("trust me") } });

        Assert.Equal(["attestation-evidence-malformed"], Codes(answer));
    }

    [Fact]
    public async Task Agent_WithoutItsCollateral_RefusesAndTellsNobodyWhereItShouldBe()
    {
        await AttendAsync(Policy(list: "collateral.cose"));
        _party.Keys.AddApproval(_manifest);

        (AgentMessage answer, _) = await OfferAsync(await NonceAsync());

        Assert.Equal(["storage-missing"], Codes(answer));
        Assert.DoesNotContain("collateral.cose", answer.ToString());
        Assert.Contains("collateral.cose", Log()[^1].GetRawText());
    }

    [Fact]
    public async Task Agent_CollateralThatIsOlderThanItHasUsed_IsRefusedWhileItsTimeLasts()
    {
        await AttendAsync(Policy("simulated_devices", list: "collateral.cose"));
        _party.Keys.AddApproval(_manifest);
        Publish(hours: -2);
        Assert.NotNull((await OfferAsync(await NonceAsync())).Answer.KeyPackage);
        Publish(hours: -1, revoked: Measurement.Of(_vendor.Dck.ExportSubjectPublicKeyInfo()));
        (AgentMessage revoked, _) = await OfferAsync(await NonceAsync(2), attempt: 2, alter: quote => quote with { BootCounter = 9 });

        Publish(hours: -2);
        (AgentMessage putBack, _) = await OfferAsync(await NonceAsync(3), attempt: 3, alter: quote => quote with { BootCounter = 9 });

        Assert.Equal(["attestation-revoked"], Codes(revoked));
        Assert.Equal(["attestation-collateral-rolled-back"], Codes(putBack));
    }

    [Fact]
    public async Task Agent_JobThatMayStillRun_GetsNoKeysForASecondSession()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        Assert.NotNull((await OfferAsync(await NonceAsync())).Answer.KeyPackage);

        (AgentMessage elsewhere, _) = await OfferAsync(await NonceAsync(2), attempt: 2, alter: quote => quote with { Ueid = new byte[Quote.UeidSize] });
        (AgentMessage sameBoot, _) = await OfferAsync(await NonceAsync(3), attempt: 3);
        (AgentMessage laterBoot, _) = await OfferAsync(await NonceAsync(4), attempt: 4, alter: quote => quote with { BootCounter = quote.BootCounter + 1 });

        Assert.Contains("release-session-forked", Codes(sameBoot));
        Assert.NotEmpty(Codes(elsewhere));
        Assert.NotNull(laterBoot.KeyPackage);
    }

    [Fact]
    public async Task Agent_DeviceWhoseBootsCountFromBefore_GetsNoKeysForAnyJob()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        Assert.NotNull((await OfferAsync(await NonceAsync(), alter: quote => quote with { BootCounter = 7 })).Answer.KeyPackage);
        _manifest = Compile(serial: 1);
        _party.Keys.AddApproval(_manifest);

        (AgentMessage earlier, _) = await OfferAsync(await NonceAsync(), alter: quote => quote with { BootCounter = 6 });
        (AgentMessage twice, _) = await OfferAsync(await NonceAsync(2), attempt: 2, alter: quote => quote with { BootCounter = 7 });
        (AgentMessage later, _) = await OfferAsync(await NonceAsync(3), attempt: 3, alter: quote => quote with { BootCounter = 8 });

        Assert.Equal(["release-device-rolled-back"], Codes(earlier));
        Assert.Equal(["release-device-rolled-back"], Codes(twice));
        Assert.NotNull(later.KeyPackage);
    }

    [Fact]
    public async Task Agent_NonceForAStageThatTheJobHasNot_IsRefused()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);

        AgentMessage answer = await _host.AskAsync(new HostMessage { NonceRequest = new NonceRequest { Job = Name(_manifest.Digest), Attempt = 1, Stage = "invented" } });

        Assert.Equal([StageErrors.Unknown.Id], Codes(answer));
        Assert.Equal("invented", answer.Refusal.Stage);
    }

    [Fact]
    public async Task Agent_AfterACheckpointThatADeviceStated_AcceptsNoOlderOne()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        (_, Evidence session) = await OfferAsync(await NonceAsync());
        var claim = new CheckpointClaim(Digest.Of("second"u8), 2, 2);

        AgentMessage seen = await _host.AskAsync(Written(session, claim));
        (AgentMessage anew, _) = await OfferAsync(await NonceAsync(2), attempt: 2, alter: quote => quote with { BootCounter = 9 });
        (AgentMessage older, _) = await OfferAsync(await NonceAsync(3), attempt: 3, alter: quote => quote with { BootCounter = 9, Checkpoint = claim with { Counter = 1, Epoch = 1 } });
        (AgentMessage newest, Evidence resumed) = await OfferAsync(await NonceAsync(4), attempt: 4, alter: quote => quote with { BootCounter = 9, Checkpoint = claim });

        Assert.Equal(2u, seen.CheckpointSeen.Counter);
        Assert.Equal(["release-checkpoint-unexpected"], Codes(anew));
        Assert.Equal(["release-checkpoint-unexpected"], Codes(older));
        using KeyPackage package = KeyPackage.Open(newest.KeyPackage.SealedPackage.Memory, "clinic-a", _session, PreparedJob.Of(_manifest, []), resumed.Digest);
        Assert.Equal(2, package.LeastCheckpoint);
    }

    [Fact]
    public async Task Agent_StatementThatIsNotByTheSessionWithItsKeys_ChangesNothing()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        (_, Evidence session) = await OfferAsync(await NonceAsync());
        Evidence other = QuoteMaker.Make(_vendor, quote => quote with { Manifest = _manifest.Digest, BootCounter = 7 });
        var claim = new CheckpointClaim(Digest.Of("second"u8), 2, 2);
        var stranger = new TestVendor();

        await _host.TellAsync(Written(other, claim));
        await _host.TellAsync(Written(session, claim, stranger));
        (AgentMessage anew, _) = await OfferAsync(await NonceAsync(2), attempt: 2, alter: quote => quote with { BootCounter = 9 });

        Assert.NotNull(anew.KeyPackage);
        Assert.Equal(2, Log().Count(entry => entry.GetRawText().Contains("checkpoint-statement-invalid", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Agent_WhileAnotherOfTheSamePartyDecides_WaitsAndSeesWhatItDecided()
    {
        await AttendAsync(Policy());
        _party.Keys.AddApproval(_manifest);
        byte[] nonce = await NonceAsync();
        FileTurn other = FileTurn.Take(Path.Combine(_party.Home, "turn"));
        Task<(AgentMessage Answer, Evidence)> offer = OfferAsync(nonce);
        await Assert.ThrowsAsync<TimeoutException>(() => offer.WaitAsync(TimeSpan.FromMilliseconds(200)));

        _party.Keys.AddSession(_manifest.Digest, new ReleasedSession(Digest.Of("elsewhere"u8), new EarlierSession(new byte[Quote.UeidSize], 1, null)));
        other.Dispose();

        Assert.Equal(["release-session-forked"], Codes((await offer).Answer));
    }

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.Cancelled)]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.Unknown)]
    public async Task Agent_HostThatGoesAwayOrFails_IsAttendedAgain(StatusCode status)
    {
        await AttendAsync(Policy());
        await _host.HangUpAsync(status);

        Assert.Equal(2, _host.Attendances);
    }

    private void Publish(int hours, params Measurement[] revoked)
    {
        var content = new CollateralContent(TestVendor.Now.AddHours(hours), TestVendor.Now.AddDays(30), [.. revoked], 1);
        File.WriteAllBytes(_parties["collateral.cose"], Collateral.Issue(_vendor.Root, null, content));
    }

    private Manifest Compile(int serial = 0)
    {
        JobFile job = JobFile.Parse(_parties.JobYaml(serial), _parties[""]);
        return JobCompiler.Compile(job with { Device = new DeviceRequirements([TestVendor.Firmware], 1) });
    }

    private async Task AttendAsync(PartyPolicy policy)
    {
        _agent = new ReleaseAgent(_party, policy).RunAsync(_connection, _end.Token);
        await _host.WaitForAgentAsync();
    }

    private PartyPolicy Policy(string allow = "simulated_devices, unknown_revocation", string? list = null)
    {
        string pem = System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", _vendor.RootDer);
        File.WriteAllText(_parties["root.pem"], pem);
        return PartyPolicy.Parse($"format: orchestrator/release-policy/v1\nroots: [root.pem]\nallow: [{allow}]\n{(list is null ? "" : $"collateral: {list}\n")}", "clinic-a", _parties[""]);
    }

    private async Task<byte[]> NonceAsync(uint attempt = 1)
    {
        AgentMessage answer = await _host.AskAsync(new HostMessage { NonceRequest = new NonceRequest { Job = Name(_manifest.Digest), Attempt = attempt } });
        return answer.Nonce.Nonce_.ToByteArray();
    }

    private async Task<(AgentMessage Answer, Evidence Evidence)> OfferAsync(
        byte[] nonce, uint attempt = 1, TestVendor? vendor = null, Func<Quote, Quote>? alter = null)
    {
        Evidence evidence = QuoteMaker.Make(vendor ?? _vendor, quote => (alter ?? (same => same))(quote with
        {
            Manifest = _manifest.Digest,
            SessionKey = _session.PublicKey,
            Nonces = ImmutableSortedDictionary.Create<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal).Add("clinic-a", nonce),
        }));
        AgentMessage answer = await _host.AskAsync(
            new HostMessage { QuoteOffer = new QuoteOffer { Job = Name(_manifest.Digest), Attempt = attempt, Evidence = ByteString.CopyFrom(evidence.Bytes.Span) } });
        return (answer, evidence);
    }

    private HostMessage Written(Evidence session, CheckpointClaim claim, TestVendor? signer = null) => new()
    {
        CheckpointWritten = new CheckpointWritten
        {
            Job = Name(_manifest.Digest),
            Evidence = ByteString.CopyFrom(session.Bytes.Span),
            Statement = ByteString.CopyFrom(new CheckpointStatement(session.Digest, _manifest.Digest, claim).Sign((signer ?? _vendor).Alias)),
        },
    };

    private JsonElement[] Log() =>
        [.. File.ReadAllLines(Path.Combine(_party.Home, ReleaseLog.FileName)).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string[] Codes(AgentMessage answer) => [.. answer.Refusal.Denials.Select(denial => denial.Code)];

    private static byte[] Bytes(StreamKey key)
    {
        byte[] bytes = new byte[StreamKey.Size];
        key.Export(bytes);
        return bytes;
    }

    private static ByteString Name(Digest job) => ByteString.CopyFrom(job.ToArray());
}
