using System.Collections.Immutable;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Contracts.Tests;

/// <summary>An attested session for the sample job on a device of a test vendor.</summary>
internal sealed class Session
{
    public Session()
    {
        Job = new SampleJob(TestVendor.Firmware);
        Manifest = Job.Manifest;
        Evidence = QuoteMaker.Make(Vendor, quote => quote with
        {
            Manifest = Manifest.Digest,
            SessionKey = Key.PublicKey,
            Nonces = Manifest.Content.Parties.ToImmutableSortedDictionary(
                party => party.Name, _ => (ReadOnlyMemory<byte>)QuoteMaker.Nonce, StringComparer.Ordinal),
        });
    }

    public TestVendor Vendor { get; } = new();

    public SampleJob Job { get; }

    public Manifest Manifest { get; }

    public HpkePrivateKey Key { get; } = HpkePrivateKey.Generate();

    public Evidence Evidence { get; }

    public ReleasePermit PermitFor(string party)
    {
        VerifiedQuote quote = QuoteMaker.Verifier(Vendor).Verify(Evidence);
        var policy = new ReleasePolicy { Party = party, AllowSimulatedDevices = true, AllowUnknownRevocation = true };
        ReleaseDecision decision = policy.Validate(quote, new QuoteExpectations
        {
            Manifest = Manifest.Digest,
            Firmware = Manifest.Content.Device.Firmware,
            MinimumSecurityVersion = Manifest.Content.Device.MinimumSecurityVersion,
            Nonce = QuoteMaker.Nonce,
        });
        Assert.Empty(decision.Denials);
        return decision.Permit!;
    }

    public byte[] SealPackage(string party)
    {
        using CheckpointShare share = CheckpointShare.Derive(new byte[32], Manifest.Digest);
        Dictionary<int, StreamKey> keys = Manifest.StreamsOf(party).ToDictionary(stream => stream.Id, stream => StreamKey.Import(Digest.Of([(byte)stream.Id]).ToArray()));
        return KeyPackage.Seal(PermitFor(party), Manifest, Job.SigningKeyOf(party), keys, share, 0);
    }
}
