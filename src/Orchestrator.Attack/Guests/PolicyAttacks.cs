using Orchestrator.Attestation.Groups;
using Orchestrator.Channel.Decisions;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Shim.Groups;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Guests;

/// <summary>Policies replaced, emptied and swapped; fragments substituted; the log of decisions altered.</summary>
internal static class PolicyAttacks
{
    public static IEnumerable<GuestAttack> All() =>
    [
        new(Card("replace-policy", "gives a group another policy once it runs", "guest-policy-set"), async scene =>
        {
            await scene.StartAsync();
            await scene.StrikeAsync(() => scene.Group.SetPolicyAsync(GuestPolicies.AllowAll()));
        }),
        new(Card("repeat-policy", "gives a group its own policy again, to start over", "guest-policy-set"), async scene =>
        {
            await scene.StartWithOverlayAsync();
            await scene.StrikeAsync(() => scene.Group.SetPolicyAsync(scene.Policy));
        }),
        Substituted("empty-policy", "gives a group an empty policy in place of the one that it was launched under", _ => []),
        Substituted("foreign-policy", "gives a group the policy of another group", _ => GuestPolicies.AllowAll()),
        Substituted("touch-policy", "gives a group its policy with a space more at the end", scene => [.. scene.Policy, (byte)' ']),
        new(Card("launch-empty-policy", "launches a group under an empty policy, so that nothing would be refused", "policy-syntax"), async scene =>
        {
            GroupClient group = await scene.LaunchAsync([]);
            await scene.StrikeAsync(() => group.SetPolicyAsync(Array.Empty<byte>()));
        }),
        new(Card("act-before-policy", "mounts a layer before a group has a policy", "guest-policy-missing"), async scene =>
        {
            GroupClient group = await scene.LaunchAsync(scene.Policy);
            await scene.StrikeAsync(() => group.MountLayerAsync("any", scene.Layers.Shell.RootHash.ToString(), GuestPaths.Layer(0)));
        }),
        Fragment("substitute-fragment", "extends a group's policy by a fragment of its own", "invalid fragment issuer", (scene, own) => own.Sign("2")),
        Fragment("foreign-feed", "extends a group's policy by another fragment of the same publisher", "invalid fragment feed", (scene, _) => scene.Publisher.Sign("2", "something-else")),
        Fragment("downgrade-fragment", "extends a group's policy by an old fragment", "fragment svn is below the specified minimum", (scene, _) => scene.Publisher.Sign("1")),
        Fragment("impersonate-publisher", "signs a fragment with a key of its own in the publisher's name", "", (scene, own) => own.Sign("2", issuer: scene.Publisher.Issuer)),
        Fragment("alter-fragment", "alters a fragment that the publisher has signed", "", (scene, _) => Alter(scene.Publisher.Sign("2"))),
        new(new AttackCard("hide-decision", "leaves a refusal out of a group's log of decisions", Integrity, Watcher.Party, "decisions-broken"), HideAsync),
        new(new AttackCard("shorten-decisions", "cuts the end off a group's log of decisions", Integrity, Watcher.Party, "decisions-broken"), ShortenAsync),
    ];

    private static GuestAttack Substituted(string name, string deed, Func<GuestScene, byte[]> policy) => new(Card(name, deed, "guest-policy-digest"), async scene =>
    {
        GroupClient group = await scene.LaunchAsync(scene.Policy);
        await scene.StrikeAsync(() => group.SetPolicyAsync(policy(scene)));
    });

    private static GuestAttack Fragment(string name, string deed, string denial, Func<GuestScene, GuestPublisher, byte[]> fragment) =>
        new(new AttackCard(name, deed, Binding, Watcher.Group, denial.Length > 0 ? "guest-denied" : "fragment-invalid") { Denial = denial }, async scene =>
        {
            await scene.StartAsync();
            using var own = new GuestPublisher(TimeProvider.System.GetUtcNow());
            await scene.StrikeAsync(() => scene.Group.LoadFragmentAsync(fragment(scene, own)));
        });

    private static byte[] Alter(byte[] fragment)
    {
        int at = fragment.AsSpan().IndexOf("framework_version"u8);
        fragment[at - 2] ^= 1;
        return fragment;
    }

    private static async Task HideAsync(GuestScene scene)
    {
        (ReadOnlyMemory<byte> head, List<ReadOnlyMemory<byte>> entries, GroupBinding binding) = await ReadAsync(scene);
        entries.RemoveAt(1);
        await scene.StrikeAsync(() => Task.FromResult(DecisionHead.Verify(head, entries, binding.SigningKey)));
    }

    private static async Task ShortenAsync(GuestScene scene)
    {
        (ReadOnlyMemory<byte> head, List<ReadOnlyMemory<byte>> entries, GroupBinding binding) = await ReadAsync(scene);
        await scene.StrikeAsync(() => Task.FromResult(DecisionHead.Verify(head, entries[..^1], binding.SigningKey)));
    }

    private static async Task<(ReadOnlyMemory<byte> Head, List<ReadOnlyMemory<byte>> Entries, GroupBinding Binding)> ReadAsync(GuestScene scene)
    {
        await scene.StartWithLayersAsync();
        (ReadOnlyMemory<byte> head, IReadOnlyList<ReadOnlyMemory<byte>> entries) = await scene.Group.SignedDecisionsAsync();
        return (head, [.. entries], GroupBinding.FromCbor((await scene.Group.EvidenceAsync([])).Binding));
    }

    private static AttackCard Card(string name, string deed, string code) => new(name, deed, Binding, Watcher.Group, code);
}
