using System.Security.Cryptography;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Snp;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Psp;
using Orchestrator.Shim.Groups;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Guests;

/// <summary>Reports replayed, forged, and of other groups; and groups that are not what was agreed on. A party's release agent judges them.</summary>
internal static class ReportAttacks
{
    public static IEnumerable<GuestAttack> All() =>
    [
        Shown("replay-group-report", "shows a party evidence that it has seen before, for a new nonce", Freshness, "group-evidence-unbound", (_, honest) => Join(honest, nonce: RandomNumberGenerator.GetBytes(32))),
        Shown("flip-report-bit", "flips a bit of a group's report", Integrity, "snp-signature-invalid", (_, honest) => Join(honest, report: Flip(honest.Report.Bytes, 0x50))),
        Shown("flip-report-signature", "flips a bit of a report's signature", Integrity, "snp-signature-invalid", (_, honest) => Join(honest, report: Flip(honest.Report.Bytes, 0x2A0))),
        Shown("forge-group-report", "signs a report with a key of its own", Binding, "snp-signature-invalid", (_, honest) => Join(honest, report: SignAnew(honest.Report.Bytes))),
        Shown("foreign-processor", "shows a report of a processor under a root of its own", Binding, "snp-chain-invalid", ForeignProcessor),
        Shown("replace-session-key", "puts a key of its own in the group's place, to read the parties' keys", Confidentiality, "group-evidence-unbound", (_, honest) => Join(honest, binding: WithOwnKey(honest.Binding))),
        new(Card("report-of-another-group", "shows the report of another group for the keys of this one", Binding, "group-evidence-unbound"), async scene =>
        {
            (GroupEvidence honest, byte[] nonce) = await HonestAsync(scene);
            GroupEvidence other = await GuestScene.EvidenceAsync(await scene.LaunchAsync(scene.Policy), nonce);
            scene.Judge(Join(honest, report: other.Report.Bytes.ToArray(), nonce: nonce));
        }),
        new(Card("group-under-foreign-policy", "launches the group under a policy that admits everything", Binding, "snp-policy-digest"), async scene =>
        {
            byte[] policy = GuestPolicies.AllowAll();
            GroupClient group = await scene.LaunchAsync(policy);
            await group.SetPolicyAsync(policy);
            scene.Judge(await GuestScene.EvidenceAsync(group, RandomNumberGenerator.GetBytes(32)));
        }),
        Launched("changed-agent", "launches a guest agent that it has changed", Binding, "snp-measurement", launch => launch with { Measurement = Measurement.Of("another agent"u8) }),
        Launched("debug-guest", "launches the group so that it can read its memory", Binding, "snp-debug", launch => launch with { Policy = new SnpGuestPolicy(launch.Policy.Raw | (1 << 19)) }),
        Launched("migratable-guest", "launches the group so that it can be moved", Binding, "snp-migration", launch => launch with { Policy = new SnpGuestPolicy(launch.Policy.Raw | (1 << 18)) }),
        Shown("simulated-processor", "runs the group on a simulated processor, which the party does not allow", Confidentiality, "snp-simulated", (_, honest) => honest, policy => policy with { AllowSimulated = false }),
        Launched("sandbox-guest", "runs the group in a sandbox, which the party does not allow", Confidentiality, "snp-sandbox", launch => launch with { FamilyId = GuestLaunch.Sandbox }, policy => policy with { AllowSandbox = false }),
        Shown("stale-processor", "runs the group on a processor with old firmware", Freshness, "snp-tcb", (_, honest) => honest, policy => policy with { MinimumTcb = policy.MinimumTcb.SetItem("snp", 9) }),
    ];

    private static GuestAttack Shown(string name, string deed, SecurityProperty tests, string code, Func<GuestScene, GroupEvidence, GroupEvidence> change, Func<SnpPolicy, SnpPolicy>? judge = null) =>
        new(Card(name, deed, tests, code), async scene =>
        {
            (GroupEvidence honest, _) = await HonestAsync(scene);
            scene.Judge(change(scene, honest), judge);
        });

    private static GuestAttack Launched(string name, string deed, SecurityProperty tests, string code, Func<GuestLaunch, GuestLaunch> change, Func<SnpPolicy, SnpPolicy>? judge = null) =>
        Shown(name, deed, tests, code, (scene, honest) => Relaunched(scene, honest, change), judge);

    private static GroupEvidence Relaunched(GuestScene scene, GroupEvidence honest, Func<GuestLaunch, GuestLaunch> change)
    {
        (byte[] report, string chain) = scene.Launch(change(scene.AsLaunched()), honest);
        return Join(honest, report: report, chain: chain);
    }

    private static async Task<(GroupEvidence Evidence, byte[] Nonce)> HonestAsync(GuestScene scene)
    {
        await scene.StartAsync();
        byte[] nonce = RandomNumberGenerator.GetBytes(32);
        GroupEvidence evidence = await GuestScene.EvidenceAsync(scene.Group, nonce);
        scene.JudgeHonest(evidence);
        return (evidence, nonce);
    }

    private static GroupEvidence Join(GroupEvidence honest, byte[]? report = null, string? chain = null, CborValue? binding = null, byte[]? nonce = null) => GuestScene.Evidence(
        report ?? honest.Report.Bytes,
        chain ?? string.Concat(honest.Certificates.Select(certificate => PemEncoding.WriteString("CERTIFICATE", certificate.Der.Span) + "\n")),
        binding ?? honest.Binding.ToCbor(),
        nonce ?? honest.Nonces.Values.Single().ToArray());

    private static GroupEvidence ForeignProcessor(GuestScene scene, GroupEvidence honest)
    {
        string folder = Directory.CreateTempSubdirectory("orchestrator-psp-").FullName;
        try
        {
            using SimulatedPsp own = SimulatedPsp.Open(Path.Combine(folder, "psp"), TimeProvider.System);
            return Join(honest, report: own.Launch(scene.AsLaunched()).Report(honest.Report.ReportData.Span), chain: own.Chain);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static CborMap WithOwnKey(GroupBinding binding)
    {
        using HpkePrivateKey own = HpkePrivateKey.Generate();
        return (binding with { SessionKey = own.PublicKey }).ToCbor();
    }

    private static byte[] SignAnew(ReadOnlyMemory<byte> report)
    {
        byte[] signed = report.ToArray();
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        byte[] signature = own.SignData(signed.AsSpan(0, SnpReport.SignedSize), HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        for (int i = 0; i < 2; i++)
        {
            Span<byte> component = signature.AsSpan(i * 48, 48);
            component.Reverse();
            component.CopyTo(signed.AsSpan(SnpReport.SignedSize + (i * 72)));
        }

        return signed;
    }

    private static byte[] Flip(ReadOnlyMemory<byte> bytes, int offset)
    {
        byte[] flipped = bytes.ToArray();
        flipped[offset] ^= 1;
        return flipped;
    }

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Agents, code);
}
