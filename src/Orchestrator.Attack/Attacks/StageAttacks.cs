using Google.Protobuf;
using Orchestrator.Attack.Groups;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Groups;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using static Orchestrator.Attack.SecurityProperty;
using Preparation = Orchestrator.Contracts.Protocol.Preparation;

namespace Orchestrator.Attack.Attacks;

/// <summary>A prepare stage's group, its inputs, its output and its statement: forged, swapped, replayed, handed to others.</summary>
internal static class StageAttacks
{
    private const string Substituted = "stage-input-substituted";

    public static IEnumerable<Attack> All(AttackMaterial material) => [.. OnGroups(material), .. OnKeysAndInputs(material), .. OnStatements(material)];

    private static IEnumerable<Attack> OnGroups(AttackMaterial material) =>
    [
        Shim("replay-report", "shows the evidence of an earlier job's group", Freshness, Watcher.Agents, "group-nonce", strike => new StageMischief
        {
            OnEvidence = Striking<ByteString>(strike, _ => material.EarlierStage.Evidence!),
        }),
        Shim("forge-report", "changes the processor's report", Integrity, Watcher.Agents, "snp-signature-invalid", strike => new StageMischief
        {
            OnEvidence = Striking<ByteString>(strike, evidence => Reporting(evidence, report => report[0x90] ^= 1)),
        }),
        Shim("forge-group-key", "names a key of its own as the group's", Binding, Watcher.Agents, "group-evidence-unbound", strike => new StageMischief
        {
            OnEvidence = Striking<ByteString>(strike, Rebound),
        }),
        Shim("other-group-policy", "launches the group under a policy of its own", Binding, Watcher.Agents, "snp-policy-digest", strike => new StageMischief
        {
            Policy = Digest.Of("a policy that allows everything"u8),
            OnEvidence = Striking<ByteString>(strike, evidence => evidence),
        }),
        Shim("other-guest", "launches a guest of its own making", Integrity, Watcher.Agents, "snp-measurement", strike => new StageMischief
        {
            Measurement = Measurement.Of("a guest agent that tells everything"u8),
            OnEvidence = Striking<ByteString>(strike, evidence => evidence),
        }),
        Shim("another-groups-report", "shows the fresh evidence of another group, and hands the keys to this one", Binding, Watcher.Group, "stage-package-invalid", strike => new StageMischief
        {
            ShowsAnotherGroup = true,
            OnRelease = Striking<ReleaseRequest>(strike, request => request),
        }),
    ];

    private static IEnumerable<Attack> OnKeysAndInputs(AttackMaterial material) =>
    [
        Shim("swap-stage-packages", "hands one party's keys to the group as another's", Binding, Watcher.Group, "stage-package-invalid", strike => new StageMischief
        {
            OnRelease = Striking<ReleaseRequest>(strike, request => new ReleaseRequest(request) { Party = request.Party == "clinic-a" ? "clinic-b" : "clinic-a" }),
        }),
        Shim("replay-stage-package", "hands in the keys that a party gave to an earlier group", Freshness, Watcher.Group, "stage-package-invalid", strike => new StageMischief
        {
            OnRelease = Striking<ReleaseRequest>(strike, request => new ReleaseRequest(request) { SealedPackage = material.EarlierStage.Packages[request.Party] }),
        }),
        Shim("swap-inputs", "gives the group two parties' files under each other's name", Binding, Watcher.Group, Substituted, strike => new StageMischief
        {
            OnInputs = Striking<IReadOnlyList<(string Name, byte[] Sealed)>>(strike, inputs => [(inputs[0].Name, inputs[1].Sealed), (inputs[1].Name, inputs[0].Sealed)]),
        }),
        Shim("flip-input", "flips a bit of a party's file", Integrity, Watcher.Group, Substituted, strike => new StageMischief
        {
            OnInputs = Striking<IReadOnlyList<(string Name, byte[] Sealed)>>(strike, inputs => [(inputs[0].Name, Bytes.Flip(ByteString.CopyFrom(inputs[0].Sealed)).ToByteArray()), .. inputs.Skip(1)]),
        }),
        Shim("truncate-input", "cuts the end off a party's file", Integrity, Watcher.Group, Substituted, strike => new StageMischief
        {
            OnInputs = Striking<IReadOnlyList<(string Name, byte[] Sealed)>>(strike, inputs => [(inputs[0].Name, inputs[0].Sealed[..^100]), .. inputs.Skip(1)]),
        }),
        Shim("withhold-input", "lets the containers run without a party's file", Integrity, Watcher.Group, "stage-out-of-order", strike => new StageMischief
        {
            OnInputs = Striking<IReadOnlyList<(string Name, byte[] Sealed)>>(strike, inputs => [.. inputs.Skip(1)]),
        }),
        Shim("replay-quote-to-group", "shows the group the quote of an earlier job's device", Freshness, Watcher.Group, "release-manifest-mismatch", strike => new StageMischief
        {
            OnOffer = Striking<ByteString>(strike, _ => material.EarlierStage.Quote!),
        }),
    ];

    private static IEnumerable<Attack> OnStatements(AttackMaterial material) =>
    [
        Shim("forge-statement", "changes what the group states of its output", Integrity, Watcher.Device, "stage-statement-invalid", strike => new StageMischief
        {
            OnStatement = Striking<ByteString>(strike, statement => Bytes.Flip(statement, -80)),
        }),
        Shim("alter-prepared", "changes a byte of what the group made", Integrity, Watcher.Device, "device-stream-substituted", strike => new StageMischief
        {
            OnOutput = Striking<ByteString>(strike, sealedStream => Bytes.Flip(sealedStream, -40)),
        }),
        Load("older-prepared", "loads the device with what an earlier job's group made", Rollback, Watcher.Device, "stage-statement-invalid", request => material.EarlierStage.Preparation!),
        Load("own-prepared", "loads the device with a statement by a key of its own", Binding, Watcher.Device, "group-evidence-unbound", request => Own(request, forged => forged)),
        Load("own-group", "loads the device with a statement of its own under a report of its own making", Binding, Watcher.Agents, "release-preparations", request => Own(request, Honest)),
        new LoadAttack(
            new AttackCard("drop-prepared", "loads the device without what the group made", Integrity, Watcher.Device, "stage-statement-missing"),
            request =>
            {
                var altered = new LoadRequest(request);
                altered.Preparations.Clear();
                return altered;
            },
            staged: true),
    ];

    private static ShimAttack Shim(string name, string deed, SecurityProperty tests, Watcher noticedBy, string code, Func<Action, StageMischief> make) =>
        new(new AttackCard(name, deed, tests, noticedBy, code), make);

    private static LoadAttack Load(string name, string deed, SecurityProperty tests, Watcher noticedBy, string code, Func<LoadRequest, Preparation> preparation) => new(
        new AttackCard(name, deed, tests, noticedBy, code),
        request =>
        {
            var altered = new LoadRequest(request);
            altered.Preparations.Clear();
            altered.Preparations.Add(preparation(request));
            return altered;
        },
        staged: true);

    private static Func<T, T> Striking<T>(Action strike, Func<T, T> alter) => value =>
    {
        strike();
        return alter(value);
    };

    private static ByteString Reporting(ByteString evidence, Action<byte[]> alter)
    {
        GroupEvidence shown = GroupEvidence.Parse(evidence.Memory);
        byte[] report = shown.Report.Bytes.ToArray();
        alter(report);
        return Encode(shown, report, shown.Binding);
    }

    private static ByteString Rebound(ByteString evidence)
    {
        using HpkePrivateKey own = HpkePrivateKey.Generate();
        GroupEvidence shown = GroupEvidence.Parse(evidence.Memory);
        return Encode(shown, shown.Report.Bytes.ToArray(), shown.Binding with { SessionKey = own.PublicKey });
    }

    // Evidence and statement over the group's own output, signed by a key that the host made.
    private static Preparation Own(LoadRequest request, Func<(byte[] Report, GroupBinding Binding), (byte[] Report, GroupBinding Binding)> finish)
    {
        using PartySigningKey own = PartySigningKey.Generate();
        Manifest manifest = Manifest.Decode(request.Manifest.Memory);
        var genuine = Contracts.Stages.Preparation.Verify(request.Preparations[0].Evidence.Memory, request.Preparations[0].Statement.Memory, manifest);
        (byte[] report, GroupBinding binding) = finish((genuine.Evidence.Report.Bytes.ToArray(), genuine.Evidence.Binding with { SigningKey = own.VerificationKey }));
        ByteString evidence = Encode(genuine.Evidence, report, binding);
        byte[] statement = Contracts.Stages.Preparation.Sign(own, manifest, genuine.Stage, Digest.Of(evidence.Span), genuine.Outputs);
        return new Preparation { Evidence = evidence, Statement = ByteString.CopyFrom(statement) };
    }

    // A report that is about the binding beside it; the device has no means to see that no processor signed it.
    private static (byte[] Report, GroupBinding Binding) Honest((byte[] Report, GroupBinding Binding) forged)
    {
        forged.Binding.ReportData.CopyTo(forged.Report, 0x50);
        return forged;
    }

    private static ByteString Encode(GroupEvidence shown, byte[] report, GroupBinding binding) => ByteString.CopyFrom(GroupEvidence.Encode(
        report, string.Concat(shown.Certificates.Select(Pem)), binding.ToCbor(), shown.Nonces, shown.Endorsement));

    private static string Pem(Attestation.X509.SignedCertificate certificate) => new string(System.Security.Cryptography.PemEncoding.Write("CERTIFICATE", certificate.Der.Span)) + "\n";
}
