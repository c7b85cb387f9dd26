using System.Collections.Immutable;
using Google.Protobuf;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>The manifest is changed after all have signed it, or exchanged for another.</summary>
internal static class ManifestAttacks
{
    private const string OtherManifest = "approval-other-manifest";

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        .. Altered(),
        Encoded("truncate-manifest", "cuts the last byte off the manifest", "cbor-malformed", bytes => Bytes.Cut(bytes, 1)),
        Encoded("extend-manifest", "appends a byte to the manifest", "cbor-malformed", bytes => Bytes.Append(bytes, 0)),
        Encoded("reencode-manifest", "encodes the same manifest in another way", "cbor-not-canonical", LongerHead),
        new LoadAttack(
            Card("other-jobs-manifest", "loads an earlier job's manifest with this job's approvals", Binding, OtherManifest),
            request => new LoadRequest(request) { Manifest = material.Earlier.Load!.Manifest }),
        new LoadAttack(
            new AttackCard("other-job", "loads an earlier job with its own approvals, and shows the quote for this one", Binding, Watcher.Agents, "release-manifest-mismatch"),
            request =>
            {
                var altered = new LoadRequest(request) { Manifest = material.Earlier.Load!.Manifest };
                altered.Approvals.Clear();
                altered.Approvals.AddRange(material.Earlier.Load!.Approvals);
                return altered;
            }),
    ];

    private static IEnumerable<Attack> Altered() =>
    [
        Altered("alter-manifest", "asks for the metrics in more digits than the parties signed", Integrity, content =>
            content with { Metrics = content.Metrics with { Digits = content.Metrics.Digits == 17 ? 16 : 17 } }),
        Altered("add-receiver", "lets another party have the model too", Confidentiality, WithEverybodyReceiving),
        Altered("steal-model", "writes a sealing key of its own into the manifest as the receiver's", Confidentiality, content =>
            content with { Parties = [.. content.Parties.Select(party => party with { SealingKey = OwnSealingKey() })] }),
        Altered("add-party", "names one more party", Binding, content => content with { Parties = WithMallory(content.Parties) }),
        new LoadAttack(Card("remove-party", "leaves a party, its data and its approval out", Binding, OtherManifest), WithoutVictim),
        Altered("lower-security-version", "lets older firmware run the job", Integrity, content =>
            content with { Device = content.Device with { MinimumSecurityVersion = content.Device.MinimumSecurityVersion - 1 } }),
        Altered("more-epochs", "trains one epoch more than was signed", Integrity, content =>
            content with { Plan = content.Plan with { Epochs = content.Plan.Epochs + 1 } }),
        Altered("older-data-version", "names another digest for a party's data", Rollback, content =>
            content with { Streams = [.. content.Streams.Select(stream => stream.Id == Streams.Victim ? stream with { Digest = content.ProgramDigest } : stream)] }),
    ];

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Device, code);

    private static LoadAttack Altered(string name, string deed, SecurityProperty tests, Func<ManifestContent, ManifestContent> alter) =>
        Encoded(name, deed, OtherManifest, bytes => ByteString.CopyFrom(Manifest.Create(alter(Manifest.Decode(bytes.Memory).Content)).Encoding.Span), tests);

    private static LoadAttack Encoded(string name, string deed, string code, Func<ByteString, ByteString> alter, SecurityProperty tests = Integrity) =>
        new(Card(name, deed, tests, code), request => new LoadRequest(request) { Manifest = alter(request.Manifest) });

    private static HpkePublicKey OwnSealingKey()
    {
        using HpkePrivateKey own = HpkePrivateKey.Generate();
        return own.PublicKey;
    }

    private static ImmutableArray<ManifestParty> WithMallory(ImmutableArray<ManifestParty> parties)
    {
        using PartySigningKey own = PartySigningKey.Generate();
        return [.. parties.Append(new ManifestParty("mallory", own.VerificationKey, OwnSealingKey(), PartyRoles.None)).OrderBy(party => party.Name, StringComparer.Ordinal)];
    }

    private static ManifestContent WithEverybodyReceiving(ManifestContent content) => content with
    {
        Parties = [.. content.Parties.Select(party => party with { Roles = party.Roles | PartyRoles.Receiver })],
        Outputs = [.. content.Outputs.Select(output => output with { Receivers = [.. content.Parties.Select(party => party.Name)] })],
    };

    private static LoadRequest WithoutVictim(LoadRequest request)
    {
        Manifest manifest = Manifest.Decode(request.Manifest.Memory);
        string victim = manifest.Content.Streams.Single(stream => stream.Id == Streams.Victim).Owner;
        var altered = new LoadRequest(request) { Manifest = ByteString.CopyFrom(Manifest.Create(Without(victim, manifest.Content)).Encoding.Span) };
        altered.Approvals.Clear();
        altered.Approvals.AddRange(request.Approvals.Where(approval => Approval.Verify(approval.Memory, manifest).Party != victim));
        return altered;
    }

    private static ManifestContent Without(string victim, ManifestContent content) => content with
    {
        Parties = [.. content.Parties.Where(party => party.Name != victim)],
        Streams = [.. content.Streams.Where(stream => stream.Owner != victim).Select((stream, index) => stream with { Id = index + 1 })],
        Outputs = [.. content.Outputs.Select(output => output with { Receivers = output.Receivers.Remove(victim) })],
    };

    // A map of at most 23 pairs says so in its first byte; the same in two bytes is well formed and not canonical.
    private static ByteString LongerHead(ByteString manifest)
    {
        const byte Map = 0xa0;
        const byte MapWithLengthByte = 0xb8;
        return ByteString.CopyFrom([MapWithLengthByte, (byte)(manifest[0] - Map), .. manifest.Span[1..]]);
    }
}
