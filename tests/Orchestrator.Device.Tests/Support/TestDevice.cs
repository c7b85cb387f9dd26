using Google.Protobuf;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Firmware;
using Orchestrator.Device.Identity;
using Orchestrator.Device.Tiles;
using Evidence = Orchestrator.Attestation.Quotes.Evidence;

namespace Orchestrator.Device.Tests.Support;

/// <summary>A device on a free port, a job for it, a host, and the parties' side of attestation.</summary>
internal sealed class TestDevice : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly IAsyncDisposable _server;
    private readonly Dictionary<string, byte[]> _nonces = [];

    private TestDevice(IAsyncDisposable server, Uri address, TestJob job, TemporaryFolder folder, bool sharesMemory)
    {
        _folder = folder;
        _server = server;
        Job = job;
        Host = new TestHost(address, job) { SharesMemory = sharesMemory };
    }

    /// <summary>The device, if it is in the test.</summary>
    public DeviceServer Server => (DeviceServer)_server;

    /// <summary>The device, if it is a process.</summary>
    public DeviceProcess Process => (DeviceProcess)_server;

    private bool IsProcess => _server is DeviceProcess;

    /// <summary>The oldest checkpoint that the parties accept.</summary>
    public int LeastCheckpoint { get; set; }

    public TestJob Job { get; }

    public TestHost Host { get; }

    public TrustAnchors Anchors => TrustAnchors.None.WithPem(File.ReadAllText(Path.Combine(_folder["vendor"], SimulatedVendor.RootFile)));

    public Collateral Collateral => Collateral.Verify(File.ReadAllBytes(Path.Combine(_folder["vendor"], SimulatedVendor.CollateralFile)), Anchors);

    public static FirmwareMeasurements Firmware { get; } = FirmwareMeter.Installed.Measure();

    /// <summary>A device whose tiles are in the test.</summary>
    public static Task<TestDevice> StartAsync(FakeTiles? tiles = null, Fault fault = Fault.None, TestJob? job = null, bool sharesMemory = false) =>
        StartAsync(tiles ?? new FakeTiles(), fault, job, allowUnconfinedTiles: false, sharesMemory);

    /// <summary>A device that starts the installed tiles.</summary>
    public static Task<TestDevice> StartWithTilesAsync(TestJob job, bool allowUnconfinedTiles = false, Fault fault = Fault.None) =>
        StartAsync(null, fault, job, allowUnconfinedTiles, sharesMemory: true);

    /// <summary>A device that is a process of its own, with debugging enabled, and starts the installed tiles.</summary>
    public static async Task<TestDevice> StartProcessAsync(TestJob job, bool sharesMemory)
    {
        var folder = new TemporaryFolder();
        DeviceProcess process = await DeviceProcess.StartAsync(folder["state"], folder["vendor"]);
        return new TestDevice(process, process.Address, job, folder, sharesMemory);
    }

    private static async Task<TestDevice> StartAsync(ITileLauncher? tiles, Fault fault, TestJob? job, bool allowUnconfinedTiles, bool sharesMemory)
    {
        var folder = new TemporaryFolder();
        if (fault == Fault.ForeignRoot)
        {
            // The root that parties trust is there; the device's is another.
            (await SimulatedVendor.OpenAsync(new Storage.StateFolder(folder["vendor"]), TimeProvider.System)).Dispose();
        }

        var options = new DeviceOptions { State = folder["state"], Vendor = folder["vendor"], Fault = fault, AllowUnconfinedTiles = allowUnconfinedTiles };
        DeviceServer server = await DeviceServer.StartAsync(options, tiles);
        return new TestDevice(server, server.Address, job ?? new TestJob(Firmware), folder, sharesMemory);
    }

    public async Task<DeviceState> StateAsync() => (await Host.Mailbox.StatusAsync(new StatusRequest())).State;

    public LoadRequest LoadRequest(TestJob? job = null)
    {
        job ??= Job;
        var request = new LoadRequest { Manifest = ByteString.CopyFrom(job.Manifest.Encoding.Span) };
        request.Approvals.AddRange(job.Approvals.Select(approval => ByteString.CopyFrom(approval.Span)));
        foreach (string party in job.Manifest.Content.Parties.Select(party => party.Name))
        {
            _nonces[party] = System.Security.Cryptography.RandomNumberGenerator.GetBytes(Quote.NonceSize);
            request.Nonces.Add(new PartyNonce { Party = party, Nonce = ByteString.CopyFrom(_nonces[party]) });
        }

        request.Checkpoint = Host.Resumed?.Offer();
        return request;
    }

    /// <summary>From Idle to Quoted.</summary>
    public async Task<byte[]> QuoteAsync()
    {
        await Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
        await Host.Mailbox.LoadAsync(LoadRequest());
        return (await Host.Mailbox.QuoteAsync(new QuoteRequest())).Evidence.ToByteArray();
    }

    /// <summary>From Idle to Committed, every party verifying and validating as it would.</summary>
    public async Task<byte[]> CommitAsync()
    {
        byte[] evidence = await QuoteAsync();
        foreach (string party in Job.Keys.Keys)
        {
            await Host.Mailbox.StageAsync(new StageRequest { Party = party, SealedPackage = ByteString.CopyFrom(Package(party, evidence)) });
        }

        await Host.Mailbox.CommitAsync(new CommitRequest());
        return evidence;
    }

    public VerifiedQuote Verify(byte[] evidence) => new EvidenceVerifier(Anchors, TimeProvider.System, Collateral).Verify(Evidence.Parse(evidence));

    public ReleaseDecision Decide(string party, byte[] evidence) => new ReleasePolicy { Party = party, AllowSimulatedDevices = true, AllowMovedJobs = true, AllowDebug = IsProcess, AllowUnconfinedTiles = IsProcess }.Validate(
        Verify(evidence),
        new QuoteExpectations
        {
            Manifest = Job.Manifest.Digest,
            Firmware = Job.Manifest.Content.Device.Firmware,
            MinimumSecurityVersion = Job.Manifest.Content.Device.MinimumSecurityVersion,
            Nonce = _nonces[party],
            Earlier = Verify(evidence).Claims.Checkpoint is { } claim ? new EarlierSession(new byte[Quote.UeidSize], 0, claim) : null,
        });

    public byte[] Package(string party, byte[] evidence, IReadOnlyDictionary<int, StreamKey>? keys = null)
    {
        ReleaseDecision decision = Decide(party, evidence);
        Assert.Empty(decision.Denials);
        using var share = CheckpointShare.Import(Job.Shares[party]);
        return KeyPackage.Seal(decision.Permit!, Job.Manifest, Job.Keys[party].Signing, keys ?? Job.StreamKeysOf(party), share, LeastCheckpoint);
    }

    public VerifiedReceipt VerifyReceipt(byte[] receipt) =>
        new ReceiptVerifier(new EvidenceVerifier(Anchors, TimeProvider.System, Collateral)).Verify(receipt);

    /// <summary>An output, as the lab opens it with its key from the receipt.</summary>
    public byte[] OpenOutput(VerifiedReceipt receipt, string name)
    {
        ReceiptOutput output = receipt.Receipt.Outputs.Single(output => output.Name == name);
        Assert.True(OutputKey.TryOpen(output.Keys["lab"].Span, Job.Keys["lab"].Sealing, Job.Manifest.Digest, name, "lab", out StreamKey? key));
        using (key)
        {
            Host.Outputs[name].Position = 0;
            using StreamOpener opener = StreamOpener.OpenPinned(Host.Outputs[name], key, output.Digest);
            using var plaintext = new MemoryStream();
            opener.CopyTo(plaintext);
            return plaintext.ToArray();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Host.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }
}
