using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Orchestrator.Attack.Relay;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Key packages replayed, exchanged, altered, made by the host.</summary>
internal static class KeyPackageAttacks
{
    private const string Invalid = "key-package-invalid";
    private const string Type = "orchestrator/key-package/v1";

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        Stage("replay-key-packages", "hands the device the key packages of an earlier session", Freshness, Invalid, (request, _) => material.Earlier.Packages[request.Party]),
        new SwapKeyPackages(),
        Alter("flip-package-bit", "flips a bit of a key package", Integrity, package => Bytes.Flip(package)),
        Alter("flip-encapsulated-bit", "flips a bit of a key package's encapsulated key", Integrity, package => Bytes.Flip(package, 0)),
        Alter("truncate-package", "cuts the end off a key package", Integrity, package => Bytes.Cut(package, 1)),
        Alter("empty-package", "hands the device an empty key package", Integrity, _ => ByteString.Empty),
        Stage("misdirect-package", "stages a party's key package in another party's name", Binding, Invalid, (request, _) => new StageRequest(request) { Party = OtherThan(request.Party) }),
        Stage("stage-for-stranger", "stages a key package for somebody whom the manifest does not name", Binding, Invalid, (request, _) => new StageRequest(request) { Party = "mallory" }),
        Stage("forge-package", "makes a key package with keys of its own, signed by itself in a party's name", Binding, Invalid, (request, quote) =>
        {
            using PartySigningKey own = PartySigningKey.Generate();
            return Make(own, request.Party, quote, claims => claims.Manifest, Digest.Of(quote.Evidence.Span), [(Streams.Victim, RandomNumberGenerator.GetBytes(32))]);
        }),
        Accomplice("package-for-other-manifest", "and a party collude: its package speaks of another manifest", Binding, Invalid, material, _ => material.Earlier.Job, (int)Streams.Victim),
        Accomplice("package-with-others-key", "and a party collude: its package brings a key for another party's stream", Binding, "key-package-keys", material, claims => claims.Manifest, (int)Streams.Victim, (int)Streams.Other),
        Accomplice("package-without-keys", "and a party collude: its package brings no key", Binding, "key-package-keys", material, claims => claims.Manifest),
        new CommandAttack(
            Card("commit-unstaged", "commits before any key package is staged", Integrity, "device-command-illegal"),
            MailboxCommand.Stage,
            async device => await device.Mailbox.CommitAsync(new CommitRequest())),
        new CommandAttack(
            Card("commit-early", "commits when one party has not released its keys yet", Integrity, "device-packages-missing"),
            MailboxCommand.Stage,
            async device => await device.Mailbox.CommitAsync(new CommitRequest()),
            skip: 1),
        new StageTwice(),
    ];

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Device, code);

    private static StageAttack Stage(string name, string deed, SecurityProperty tests, string code, Func<StageRequest, QuoteReply, StageRequest> alter) =>
        new(Card(name, deed, tests, code), alter);

    private static StageAttack Alter(string name, string deed, SecurityProperty tests, Func<ByteString, ByteString> alter) =>
        Stage(name, deed, tests, Invalid, (request, _) => new StageRequest(request) { SealedPackage = alter(request.SealedPackage) });

    // A package that the accomplice really signs, for this session.
    private static StageAttack Accomplice(
        string name, string deed, SecurityProperty tests, string code, AttackMaterial material, Func<Quote, Digest> manifest, params IReadOnlyList<int> streams) =>
        Stage(name, deed, tests, code, (request, quote) => request.Party != material.Accomplice.Name
            ? request
            : Make(material.Accomplice.Keys.SigningKey, request.Party, quote, manifest, Digest.Of(quote.Evidence.Span), [.. streams.Select(stream => ((uint)stream, RandomNumberGenerator.GetBytes(32)))]));

    private static StageRequest Make(PartySigningKey signer, string party, QuoteReply reply, Func<Quote, Digest> manifest, Digest quote, IReadOnlyList<(uint Stream, byte[] Key)> keys)
    {
        Quote claims = SignedParts.Of(reply.Evidence).Claims();
        byte[] payload = CborMap.Of(
            ("type", Type),
            ("manifest", manifest(claims)),
            ("quote", quote),
            ("party", party),
            ("keys", new CborMap([.. keys.Select(key => ((CborValue)(long)key.Stream, (CborValue)key.Key))])),
            ("checkpoint_share", RandomNumberGenerator.GetBytes(KeyPackage.ShareSize)),
            ("least_checkpoint", 0)).Encode();
        byte[] signed = CoseSign1.Sign(signer, KeyPackage.ContentType, Encoding.UTF8.GetBytes(party), payload);
        byte[] info = [.. Encoding.UTF8.GetBytes(Type), 0, .. claims.Manifest.ToArray(), .. quote.ToArray()];
        return new StageRequest { Party = party, SealedPackage = ByteString.CopyFrom(Hpke.Seal(claims.SessionKey, info, Encoding.UTF8.GetBytes(party), signed)) };
    }

    private static string OtherThan(string party) => party == "lab" ? "clinic-a" : "lab";
}

/// <summary>Hands the device one party's key package as another's.</summary>
internal sealed class SwapKeyPackages() : Attack(new AttackCard(
    "swap-key-packages", "passes one party's key package off as another's", SecurityProperty.Binding, Watcher.Device, "key-package-invalid"))
{
    private StageRequest? _first;

    public override StageRequest OnStage(StageRequest request)
    {
        if (_first is null)
        {
            _first = request;
            return request;
        }

        Strike();
        return new StageRequest(request) { SealedPackage = _first.SealedPackage };
    }
}

/// <summary>Stages a party's package once more.</summary>
internal sealed class StageTwice() : Attack(new AttackCard(
    "stage-twice", "stages a party's key package twice", SecurityProperty.Fork, Watcher.Device, "device-package-repeated"))
{
    private StageRequest? _first;

    public override async Task BeforeCommandAsync(MailboxCommand command, DeviceLine device)
    {
        if (command == MailboxCommand.Commit)
        {
            Strike();
            await device.Mailbox.StageAsync(_first!);
        }
    }

    public override StageRequest OnStage(StageRequest request) => _first = request;
}
