using System.Text;
using Google.Protobuf;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Approvals left out, exchanged and forged; nonces left out, exchanged and repeated.</summary>
internal static class ApprovalAttacks
{
    private const string Invalid = "approval-invalid";
    private const string NonceMismatch = "release-nonce-mismatch";

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        Approvals("omit-approval", "leaves a party's approval out", Binding, "approval-missing", approvals => approvals.Skip(1)),
        Approvals("no-approvals", "shows no approval at all", Binding, "approval-missing", _ => []),
        Approvals("repeat-approval", "shows one party's approval twice, in place of another's", Binding, Invalid, approvals => [approvals[0], .. approvals.Take(approvals.Count - 1)]),
        Approvals("flip-approval-bit", "flips a bit of an approval's signature", Integrity, Invalid, approvals => [Bytes.Flip(approvals[0], -5), .. approvals.Skip(1)]),
        Approvals("old-approval", "shows a party's approval of an earlier job", Freshness, "approval-other-manifest", approvals =>
            [material.Earlier.Load!.Approvals[0], .. approvals.Skip(1)]),
        new LoadAttack(Card("forge-approval", "signs in a party's name with a key of its own", Binding, Invalid), request => Forge(request, VictimOf(request), VictimOf(request))),
        new LoadAttack(Card("rename-approval", "signs with a key of its own and puts a party's name on the outside only", Binding, Invalid), request => Forge(request, VictimOf(request), "mallory")),
        new LoadAttack(Card("stranger-approval", "adds the approval of somebody whom the manifest does not name", Binding, "approval-stranger"), request => Forge(request, "mallory", "mallory")),
        new LoadAttack(AgentCard("swap-nonces", "gives the device two parties' nonces in each other's place", NonceMismatch), SwapNonces),
        new LoadAttack(AgentCard("replay-nonces", "gives the device the nonces of an earlier session", NonceMismatch), request => WithNonces(request, material.Earlier.Load!.Nonces)),
        new LoadAttack(AgentCard("choose-nonce", "gives the device a nonce of its own for a party", NonceMismatch), request =>
            WithNonces(request, [new PartyNonce { Party = request.Nonces[0].Party, Nonce = ByteString.CopyFrom(new byte[Bytes.HashSize]) }, .. request.Nonces.Skip(1)])),
        Nonces("omit-nonce", "leaves a party's nonce out", nonces => nonces.Skip(1)),
        Nonces("repeat-nonce", "gives one party's nonce twice", nonces => nonces.Append(nonces.First())),
        Nonces("short-nonce", "cuts a party's nonce short", nonces => nonces.Select(nonce => new PartyNonce(nonce) { Nonce = Bytes.Cut(nonce.Nonce, 1) })),
    ];

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Device, code);

    private static AttackCard AgentCard(string name, string deed, string code) => new(name, deed, Freshness, Watcher.Agents, code);

    private static LoadAttack Approvals(string name, string deed, SecurityProperty tests, string code, Func<IReadOnlyList<ByteString>, IEnumerable<ByteString>> alter) =>
        new(Card(name, deed, tests, code), request => WithApprovals(request, [.. alter(request.Approvals)]));

    private static LoadAttack Nonces(string name, string deed, Func<IEnumerable<PartyNonce>, IEnumerable<PartyNonce>> alter) =>
        new(Card(name, deed, Freshness, "device-nonces-invalid"), request => WithNonces(request, [.. alter(request.Nonces)]));

    private static string VictimOf(LoadRequest request) => Manifest.Decode(request.Manifest.Memory).Content.Parties[0].Name;

    // The host has made itself a key.
    private static LoadRequest Forge(LoadRequest request, string outside, string inside)
    {
        Manifest manifest = Manifest.Decode(request.Manifest.Memory);
        using PartySigningKey own = PartySigningKey.Generate();
        byte[] payload = CborMap.Of(("type", "orchestrator/approval/v1"), ("manifest", manifest.Digest), ("party", inside)).Encode();
        var forged = ByteString.CopyFrom(CoseSign1.Sign(own, Approval.ContentType, Encoding.UTF8.GetBytes(outside), payload));
        return WithApprovals(request, [forged, .. request.Approvals.Where(approval => Approval.Verify(approval.Memory, manifest).Party != outside)]);
    }

    private static LoadRequest SwapNonces(LoadRequest request) => WithNonces(
        request,
        [
            new PartyNonce { Party = request.Nonces[0].Party, Nonce = request.Nonces[1].Nonce },
            new PartyNonce { Party = request.Nonces[1].Party, Nonce = request.Nonces[0].Nonce },
            .. request.Nonces.Skip(2),
        ]);

    private static LoadRequest WithApprovals(LoadRequest request, IReadOnlyList<ByteString> approvals)
    {
        var altered = new LoadRequest(request);
        altered.Approvals.Clear();
        altered.Approvals.AddRange(approvals);
        return altered;
    }

    private static LoadRequest WithNonces(LoadRequest request, IReadOnlyList<PartyNonce> nonces)
    {
        var altered = new LoadRequest(request);
        altered.Nonces.Clear();
        altered.Nonces.AddRange(nonces);
        return altered;
    }
}
