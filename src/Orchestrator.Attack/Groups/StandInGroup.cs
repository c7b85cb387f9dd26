using Orchestrator.Attestation;
using Orchestrator.Attestation.Groups;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
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
    private readonly Func<StageSession> _begin;
    private StageSession? _stage;

    /// <summary>Launches one, and lets it attest.</summary>
    /// <param name="psp">Speaks for it.</param>
    /// <param name="measurement">What is launched.</param>
    /// <param name="policy">That it is launched under; null: the stage's.</param>
    /// <param name="request">The host's.</param>
    /// <param name="folder">Its memory.</param>
    public StandInGroup(SimulatedPsp psp, Measurement measurement, Digest? policy, LaunchRequest request, string folder)
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
            Policy = policy ?? stage.Policy,
            SigningKey = _signing.VerificationKey,
            SessionKey = _session.PublicKey,
            Manifest = manifest.Digest,
            Nonces = [GroupEvidence.Combine(nonces)],
        };
        LaunchedGuest guest = psp.Launch(new GuestLaunch(measurement, binding.Policy) { FamilyId = GuestLaunch.Sandbox });
        Evidence = GroupEvidence.Encode(guest.Report(binding.ReportData), guest.Chain, binding.ToCbor(), nonces);
        _begin = () => StageSession.Begin(new StageSetting(_signing, _session, binding.Policy, Inputs, Outputs, Sealed), request.Manifest.Memory, stage.Name, Evidence, TimeProvider.System);
    }

    /// <summary>Where containers would find the inputs.</summary>
    public string Inputs => Path.Combine(_folder, "inputs");

    /// <summary>Where containers would leave the outputs.</summary>
    public string Outputs => Path.Combine(_folder, "outputs");

    /// <summary>What the parties are shown.</summary>
    public byte[] Evidence { get; }

    /// <summary>Its part of the stage, begun when it is first needed: one under another policy takes part in none.</summary>
    public StageSession Stage => _stage ??= _begin();

    private string Sealed => Path.Combine(_folder, "sealed");

    /// <summary>Erases its keys and its memory.</summary>
    public void Dispose()
    {
        _stage?.Dispose();
        _signing.Dispose();
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
