using Orchestrator.Attestation;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;
using Orchestrator.Psp;
using Orchestrator.Sdk;
using Orchestrator.Shim.BackEnds;

namespace Orchestrator.Cli;

/// <summary>Groups to rehearse a job's prepare stages with.</summary>
internal static class PredictedGroups
{
    /// <summary>One for each measurement that a stage accepts, as a simulated processor would report on it. The agent that is installed here would run in a sandbox.</summary>
    public static IReadOnlyList<PredictedGroup> Guess(Manifest manifest, TimeProvider time)
    {
        if (manifest.Content.Stages.IsEmpty)
        {
            return [];
        }

        string folder = Directory.CreateTempSubdirectory("orchestrator-plan-").FullName;
        try
        {
            using SimulatedPsp psp = SimulatedPsp.Open(Path.Combine(folder, "psp"), time);
            Measurement installed = SandboxBackEnd.MeasureAgent();
            return [.. manifest.Content.Stages.SelectMany(stage => stage.Measurements.Select(measurement => Guess(psp, manifest, stage, measurement, measurement == installed)))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A group that runs, by its evidence.</summary>
    /// <param name="stage">The stage that it would work for.</param>
    /// <param name="file">As <c>orchestrator group evidence</c> writes it.</param>
    /// <exception cref="OrchestratorException"><see cref="GroupErrors.EvidenceMalformed"/> or a storage code.</exception>
    public static PredictedGroup Read(string stage, string file) =>
        new($"the group of {Path.GetFileName(file)}", stage, GroupEvidence.Parse(LocalFile.ReadAllBytes(file, GroupEvidence.MaxBytes, GroupErrors.EvidenceMalformed)));

    private static PredictedGroup Guess(SimulatedPsp psp, Manifest manifest, ManifestStage stage, Measurement measurement, bool isSandbox)
    {
        using PartySigningKey signing = PartySigningKey.Generate();
        using HpkePrivateKey session = HpkePrivateKey.Generate();
        Dictionary<string, ReadOnlyMemory<byte>> nonces = [];
        var binding = new GroupBinding
        {
            Policy = stage.Policy,
            SigningKey = signing.VerificationKey,
            SessionKey = session.PublicKey,
            Manifest = manifest.Digest,
            Nonces = [GroupEvidence.Combine(nonces)],
        };
        LaunchedGuest guest = psp.Launch(new GuestLaunch(measurement, stage.Policy) { FamilyId = isSandbox ? GuestLaunch.Sandbox : default });
        byte[] evidence = GroupEvidence.Encode(guest.Report(binding.ReportData), guest.Chain, binding.ToCbor(), nonces);
        return new PredictedGroup($"a group that measures {measurement.ToString()[..16]}…", stage.Name, GroupEvidence.Parse(evidence))
        {
            Guess = (SnpProduct.Under(SignedCertificate.ParsePem(psp.Chain)[^1]), psp.Revocations),
        };
    }
}
