using Google.Protobuf;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;
using Orchestrator.Sdk;
using Orchestrator.Stages.Tests.Support;
using Wire = Orchestrator.Contracts.Protocol;

namespace Orchestrator.Stages.Tests;

/// <summary>A device's quote names what stages made. No processor vouches to the device for who made it; a party knows, for it has accepted the group.</summary>
public sealed class AcceptedGroupTests(Processor processor) : IDisposable
{
    private readonly StageWorld _world = new(processor);

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Statement_ByAnotherGroupThanThePartyAccepted_IsRefused()
    {
        using StoreSecret secret = StoreSecret.FromPassphrase("correct horse battery staple");
        using Party party = await Party.CreateAsync(Path.Combine(_world.Folder("home"), "party"), "clinic-a", secret, new FixedTime(TestVendor.Now));
        var release = new StageRelease(party, PartyPolicy.Parse("format: orchestrator/release-policy/v1\nroots: []\n", "clinic-a"));
        byte[] statement = _world.Joined().Finish().Statement;
        Preparation made = Preparation.Verify(_world.Evidence, statement, _world.Manifest);
        using PartySigningKey own = PartySigningKey.Generate();
        byte[] forged = _world.Attest(binding => binding with { SigningKey = own.VerificationKey });

        Assert.Equal(StageErrors.GroupNotAccepted.Id, CodeOf(release, _world.Evidence, statement));
        party.Keys.AddGroup(_world.Manifest.Digest, StageWorld.Stage, Digest.Of(_world.Evidence));

        Assert.Equal(Digest.Of(statement), release.Accepted(_world.Manifest, [Shown(_world.Evidence, statement)])[StageWorld.Stage]);
        Assert.Equal(StageErrors.GroupNotAccepted.Id, CodeOf(release, forged, Preparation.Sign(own, _world.Manifest, made.Stage, Digest.Of(forged), made.Outputs)));
        party.Keys.AddGroup(_world.Manifest.Digest, StageWorld.Stage, Digest.Of("a later group"u8));
        Assert.Equal(StageErrors.GroupNotAccepted.Id, CodeOf(release, _world.Evidence, statement));
    }

    private string CodeOf(StageRelease release, byte[] evidence, byte[] statement) =>
        Assert.Throws<OrchestratorException>(() => release.Accepted(_world.Manifest, [Shown(evidence, statement)])).Code.Id;

    private static Wire.Preparation Shown(byte[] evidence, byte[] statement) => new() { Evidence = ByteString.CopyFrom(evidence), Statement = ByteString.CopyFrom(statement) };
}
