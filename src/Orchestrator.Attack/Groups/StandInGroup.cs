using Orchestrator.Attestation;
using Orchestrator.Attestation.Groups;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Psp;
using Orchestrator.Stages;

namespace Orchestrator.Attack.Groups;

/// <summary>
/// A group without containers: the guest's own code for a stage, a simulated processor's report, and in place of containers a function. It needs no
/// administrator, so that jobs with stages can be attacked anywhere; attacks on the guest agent itself need the real one.
/// </summary>
internal sealed class StandInGroup : IDisposable
{
    private readonly PartySigningKey _signing = PartySigningKey.Generate();
    private readonly HpkePrivateKey _session = HpkePrivateKey.Generate();
    private readonly string _folder;

    /// <summary>Launches one, and lets it attest.</summary>
    public StandInGroup(SimulatedPsp psp, Measurement measurement, LaunchRequest request, string folder)
    {
        _folder = folder;
        foreach (string part in new[] { Inputs, Outputs, Sealed })
        {
            Directory.CreateDirectory(part);
        }

        Manifest manifest = Manifest.Decode(request.Manifest.Memory);
        ManifestStage stage = manifest.FindStage(request.Stage)!;
        KeyValuePair<string, ReadOnlyMemory<byte>>[] nonces = [.. request.Nonces.Select(nonce => KeyValuePair.Create(nonce.Key, nonce.Value.Memory))];
        var binding = new GroupBinding
        {
            Policy = stage.Policy,
            SigningKey = _signing.VerificationKey,
            SessionKey = _session.PublicKey,
            Manifest = manifest.Digest,
            Nonces = [GroupEvidence.Combine(nonces)],
        };
        LaunchedGuest guest = psp.Launch(new GuestLaunch(measurement, stage.Policy) { FamilyId = GuestLaunch.Sandbox });
        Evidence = GroupEvidence.Encode(guest.Report(binding.ReportData), guest.Chain, binding.ToCbor(), nonces);
        Stage = StageSession.Begin(new StageSetting(_signing, _session, stage.Policy, Inputs, Outputs, Sealed), request.Manifest.Memory, stage.Name, Evidence, TimeProvider.System);
    }

    /// <summary>Where containers would find the inputs.</summary>
    public string Inputs => Path.Combine(_folder, "inputs");

    /// <summary>Where containers would leave the outputs.</summary>
    public string Outputs => Path.Combine(_folder, "outputs");

    /// <summary>What the parties are shown.</summary>
    public byte[] Evidence { get; }

    /// <summary>Its part of the stage.</summary>
    public StageSession Stage { get; }

    private string Sealed => Path.Combine(_folder, "sealed");

    /// <summary>Erases its keys and its memory.</summary>
    public void Dispose()
    {
        Stage.Dispose();
        _signing.Dispose();
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
