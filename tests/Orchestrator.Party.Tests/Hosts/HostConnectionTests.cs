using System.Threading.Channels;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;
using Orchestrator.Host;

namespace Orchestrator.Sdk.Tests.Hosts;

public sealed class HostConnectionTests : IAsyncLifetime
{
    private Consortium _parties = null!;
    private HostServer _host = null!;

    public async ValueTask InitializeAsync()
    {
        _parties = await Consortium.CreateAsync();
        _host = await StartHostAsync("host");
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _parties.Dispose();
    }

    [Fact]
    public async Task Host_FirstContact_IsRememberedByItsCertificate()
    {
        await using HostConnection first = await ConnectAsync(_parties.Lab);
        await using HostConnection second = await ConnectAsync(_parties.Lab);

        Assert.True(first.IsFirstContact);
        Assert.False(second.IsFirstContact);
        Assert.Equal(_host.Fingerprint, _parties.Lab.Keys.FindHost(_host.Address.Authority));
    }

    [Fact]
    public async Task Host_OtherCertificateThanGivenOrRemembered_IsRefused()
    {
        Digest other = Digest.Of("another"u8);
        Assert.Same(
            ConnectionErrors.CertificateChanged,
            await Failures.CodeOfAsync(() => _parties.Lab.ConnectAsync(_host.Address.ToString(), other)));
        Assert.Null(_parties.Lab.Keys.FindHost(_host.Address.Authority));

        _parties.Lab.Keys.AddHost(_host.Address.Authority, other);
        Assert.Same(ConnectionErrors.CertificateChanged, await Failures.CodeOfAsync(() => ConnectAsync(_parties.Lab)));
    }

    [Fact]
    public async Task Host_NewCertificateGivenByHand_ReplacesTheRememberedOne()
    {
        _parties.Lab.Keys.AddHost(_host.Address.Authority, Digest.Of("old"u8));

        await using HostConnection connected = await _parties.Lab.ConnectAsync(_host.Address.ToString(), _host.Fingerprint);

        Assert.Equal(_host.Fingerprint, _parties.Lab.Keys.FindHost(_host.Address.Authority));
    }

    [Fact]
    public async Task Host_Away_IsNamed()
    {
        Uri address = _host.Address;
        await _host.DisposeAsync();
        Assert.Same(ConnectionErrors.HostAway, await Failures.CodeOfAsync(() => _parties.Lab.ConnectAsync(address.ToString())));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("127.0.0.1:1")]
    [InlineData("")]
    public async Task Host_AddressThatIsNone_IsRefused(string address) =>
        Assert.Same(ConnectionErrors.AddressInvalid, await Failures.CodeOfAsync(() => _parties.Lab.ConnectAsync(address)));

    [Fact]
    public async Task File_PushedAndPulled_IsTheSame()
    {
        await using HostConnection host = await ConnectAsync(_parties.ClinicA);

        Digest digest = await host.PushAsync(_parties["a.itx"]);
        Assert.Equal(digest, await host.PushAsync(_parties["a.itx"]));
        await host.PullAsync(digest, _parties["back.itx"]);

        Assert.Equal(File.ReadAllBytes(_parties["a.itx"]), File.ReadAllBytes(_parties["back.itx"]));
    }

    [Fact]
    public async Task Pull_OfWhatIsNotThere_LeavesNothing()
    {
        await using HostConnection host = await ConnectAsync(_parties.ClinicA);
        ErrorCode code = await Failures.CodeOfAsync(() => host.PullAsync(Digest.Of("x"u8), _parties["back.itx"]));

        Assert.Equal(ErrorClass.NotFound, code.Class);
        Assert.Empty(Directory.GetFiles(_parties[""], "back*"));
    }

    [Fact]
    public async Task Pull_OfMoreThanIsTakenOrAnnounced_StopsAndLeavesNothing()
    {
        await using HostConnection host = await ConnectAsync(_parties.ClinicA);
        Digest digest = await host.PushAsync(_parties["a.itx"]);
        long size = new FileInfo(_parties["a.itx"]).Length;

        host.MaximumDownloadBytes = size - 1;
        Assert.Same(ConnectionErrors.DownloadTooLarge, await Failures.CodeOfAsync(() => host.PullAsync(digest, _parties["back.itx"])));
        host.MaximumDownloadBytes = size;
        await host.PullAsync(digest, _parties["back.itx"]);
        File.Delete(_parties["back.itx"]);

        // The host announces the size that it noted, and sends what its disk holds.
        byte[] record = new byte[StreamCard.Read(_parties["a.itx"]).Layout.Header.RecordSize];
        await File.AppendAllBytesAsync(Path.Combine(_parties["host"], "objects", digest.ToString()), record, TestContext.Current.CancellationToken);
        Assert.Same(ConnectionErrors.DownloadTooLarge, await Failures.CodeOfAsync(() => host.PullAsync(digest, _parties["back.itx"])));
        Assert.Empty(Directory.GetFiles(_parties[""], "back*"));
    }

    [Fact]
    public async Task Job_ProposedReviewedApproved_TellsItsEvents()
    {
        Manifest manifest = _parties.Compile();
        await using HostConnection lab = await ConnectAsync(_parties.Lab);
        await using HostConnection a = await ConnectAsync(_parties.ClinicA);
        await using HostConnection b = await ConnectAsync(_parties.ClinicB);

        Digest job = await lab.ProposeAsync(manifest);
        Manifest reviewed = await a.ManifestAsync(job);
        await a.ApproveAsync(reviewed);
        Job state = await b.ApproveAsync(await b.ManifestAsync(job));
        await b.WithdrawAsync(job, "second thoughts");

        Assert.Equal(manifest.Digest, job);
        Assert.Equal(3, state.MissingObjects.Count);
        Assert.Contains(await a.JobsAsync(), listed => listed.Name == "growth");
        List<JobEvent> events = [];
        await foreach (JobEvent happened in a.WatchAsync(job))
        {
            events.Add(happened);
        }

        Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (ulong)number), events.Select(happened => happened.Sequence));
        Assert.Equal(JobState.Withdrawn, events[^1].State);
        Assert.NotNull(_parties.ClinicA.Keys.FindApproved(job));
        Assert.Null(_parties.ClinicB.Keys.FindApproved(job));
    }

    [Fact]
    public async Task Approval_ByAPartyThatTheManifestDoesNotName_IsRefusedBeforeItIsSigned()
    {
        using StoreSecret secret = StoreSecret.FromPassphrase(Samples.Passphrase);
        using Party stranger = await Party.CreateAsync(_parties["stranger-home"], "clinic-a", secret);
        await using HostConnection lab = await ConnectAsync(_parties.Lab);
        Manifest manifest = _parties.Compile();
        await lab.ProposeAsync(manifest);

        Assert.Same(JobErrors.NotNamed, await Failures.CodeOfAsync(async () => await (await stranger.ConnectAsync(_host.Address.ToString())).ApproveAsync(manifest)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Approval_OfAManifestWithAnotherKeyForThisParty_IsRefusedBeforeItIsSigned(bool sealing)
    {
        Manifest manifest = _parties.Compile();
        using var signing = PartySigningKey.Generate();
        using var hpke = HpkePrivateKey.Generate();
        var altered = Manifest.Create(manifest.Content with
        {
            Parties = [.. manifest.Content.Parties.Select(party => party.Name != "clinic-a" ? party : sealing ? party with { SealingKey = hpke.PublicKey } : party with { SigningKey = signing.VerificationKey })],
        });
        await using HostConnection a = await ConnectAsync(_parties.ClinicA);

        Assert.Same(JobErrors.NotNamed, await Failures.CodeOfAsync(() => a.ApproveAsync(altered)));
        Assert.Same(JobErrors.NotNamed, await Failures.CodeOfAsync(() => a.ProposeAsync(altered)));
        Assert.Null(_parties.ClinicA.Keys.FindApproved(altered.Digest));
    }

    [Fact]
    public async Task Approval_Second_IsAConflict()
    {
        await using HostConnection lab = await ConnectAsync(_parties.Lab);
        await using HostConnection a = await ConnectAsync(_parties.ClinicA);
        Manifest manifest = await a.ManifestAsync(await lab.ProposeAsync(_parties.Compile()));
        await a.ApproveAsync(manifest);

        Assert.Equal(ErrorClass.Conflict, (await Failures.CodeOfAsync(() => a.ApproveAsync(manifest))).Class);
    }

    [Fact]
    public async Task Job_UnknownOrNotMine_IsNotFound()
    {
        using StoreSecret secret = StoreSecret.FromPassphrase(Samples.Passphrase);
        using Party stranger = await Party.CreateAsync(_parties["stranger-home"], "stranger", secret);
        await using HostConnection lab = await ConnectAsync(_parties.Lab);
        await using HostConnection other = await ConnectAsync(stranger);
        Digest job = await lab.ProposeAsync(_parties.Compile());

        Assert.Equal(ErrorClass.NotFound, (await Failures.CodeOfAsync(() => other.JobAsync(job))).Class);
        Assert.Equal(ErrorClass.NotFound, (await Failures.CodeOfAsync(() => lab.JobAsync(Digest.Of("x"u8)))).Class);
    }

    [Fact]
    public async Task Result_OfAJobThatHasNone_SaysWhy()
    {
        await using HostConnection lab = await ConnectAsync(_parties.Lab);
        Digest job = await lab.ProposeAsync(_parties.Compile());
        PartyPolicy policy = PartyPolicy.Parse(Samples.EmptyPolicy, "lab");

        Assert.Same(JobErrors.NotCompleted, await Failures.CodeOfAsync(() => lab.ResultAsync(job, _parties["out"], policy)));
        await lab.CancelAsync(job);
        Assert.Same(JobErrors.EndedWithoutResult, await Failures.CodeOfAsync(() => lab.ResultAsync(job, _parties["out"], policy)));
        Assert.False(Directory.Exists(_parties["out"]));
    }

    [Fact]
    public async Task Host_RestartedInBetween_IsGoneOnWith()
    {
        await using HostConnection lab = await ConnectAsync(_parties.Lab);
        Digest job = await lab.ProposeAsync(_parties.Compile());
        int port = _host.Address.Port;
        await _host.DisposeAsync();
        _host = await StartHostAsync("host", port);

        // The login died with the first host; the connection and the job did not.
        Assert.Equal("growth", (await lab.JobAsync(job)).Name);
    }

    [Fact]
    public async Task Agent_HostRestarted_AttendsAgain()
    {
        using var end = new CancellationTokenSource();
        var arrivals = Channel.CreateUnbounded<ReleaseEvent>();
        await using HostConnection lab = await ConnectAsync(_parties.Lab);
        Task agent = new ReleaseAgent(_parties.Lab, PartyPolicy.Parse(Samples.EmptyPolicy, "lab"), new Relay(arrivals.Writer)).RunAsync(lab, end.Token);
        await UntilAsync(arrivals.Reader, ReleaseEventKind.Attending);

        int port = _host.Address.Port;
        await _host.DisposeAsync();
        await UntilAsync(arrivals.Reader, ReleaseEventKind.Disconnected);
        _host = await StartHostAsync("host", port);
        await UntilAsync(arrivals.Reader, ReleaseEventKind.Attending);

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => agent);
    }

    private static async Task UntilAsync(ChannelReader<ReleaseEvent> events, ReleaseEventKind kind)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await events.ReadAsync(patience.Token)).Kind != kind)
        {
        }
    }

    private sealed class Relay(ChannelWriter<ReleaseEvent> events) : IProgress<ReleaseEvent>
    {
        public void Report(ReleaseEvent value) => events.TryWrite(value);
    }

    private Task<HostServer> StartHostAsync(string state, int port = 0) =>
        HostServer.StartAsync(new HostOptions { State = _parties[state], Listen = new(System.Net.IPAddress.Loopback, port) });

    private Task<HostConnection> ConnectAsync(Party party) => party.ConnectAsync(_host.Address.ToString());
}
