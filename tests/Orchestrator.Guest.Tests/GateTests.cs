using System.Collections.Immutable;
using Orchestrator.Channel.Decisions;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Guest.Decisions;
using Orchestrator.Guest.Tests.Support;

namespace Orchestrator.Guest.Tests;

/// <summary>Decision, effect and change of state are one step: what is refused or fails changes nothing, and nothing sees half of it.</summary>
public sealed class GateTests
{
    private static readonly ContainerPolicy s_container = Policies.Shell("true") with { Layers = [new string('1', 64), new string('2', 64)] };

    private readonly DecisionLog _log = new();
    private readonly Gate _gate;

    public GateTests() => _gate = new Gate(_log);

    private ImmutableArray<DecisionEntry> Entries => [.. _log.Read(default, 0, 1000).Entries.Select(entry => DecisionEntry.Decode(entry))];

    [Fact]
    public async Task Nothing_IsDoneBeforeThereIsAPolicy()
    {
        Assert.Equal("guest-policy-missing", await CodeOf(Mount(0, () => throw new InvalidOperationException("It was done."))));
        Assert.Empty(Entries);
    }

    [Fact]
    public async Task Policy_ThatIsRefused_LeavesTheGateClosed_AndOneThatIsSetStays()
    {
        await Assert.ThrowsAsync<OrchestratorException>(() => _gate.OpenAsync(() => throw new OrchestratorException(GuestErrors.PolicyDigest, "Another.")));
        Assert.Equal("guest-policy-missing", await CodeOf(Mount(0)));
        await OpenAsync();

        Assert.Equal("guest-policy-set", await CodeOf(OpenAsync()));
        await Mount(0);
    }

    [Fact]
    public async Task Refusal_HasNoEffect_AndIsLogged()
    {
        await OpenAsync();

        await Assert.ThrowsAsync<Channel.DeniedException>(() => Mount(0, () => throw new InvalidOperationException("It was done."), hash: 'f'));

        Assert.Same(GroupState.Initial, _gate.State);
        Assert.Equal((Outcome.Refused, "deviceHash not found"), (Entries[^1].Outcome, Entries[^1].Reasons.Single()));
    }

    [Fact]
    public async Task FailedEffect_LeavesTheStateAsItWas_SoThatTheSameRequestIsAdmittedAgain()
    {
        await OpenAsync();

        Assert.Equal("guest-effect-failed", await CodeOf(Mount(0, () => throw new IOException("The kernel said no."))));
        Assert.Same(GroupState.Initial, _gate.State);
        await Mount(0);

        Assert.Single(_gate.State.Devices);
        Assert.Equal([Outcome.Done, Outcome.Undone, Outcome.Done], Entries.Select(entry => entry.Outcome));
    }

    [Fact]
    public async Task FailedUnmount_EndsEverything()
    {
        await OpenAsync();
        await Mount(0);

        Assert.Equal("guest-unmount-failed", await CodeOf(_gate.PerformAsync<bool>(() => new UnmountDevice(Target(0)), _ => throw new OrchestratorException(GuestErrors.UnmountFailed, "It is busy."))));

        Assert.Single(_gate.State.Devices);
        Assert.Equal("guest-inconsistent", await CodeOf(Mount(1, () => throw new InvalidOperationException("It was done."))));
        Assert.Equal(Outcome.Stuck, Entries[^1].Outcome);
    }

    [Fact]
    public async Task Requests_AreDecidedOneAfterTheOther_AndOfManyThatExcludeEachOtherOneIsAdmitted()
    {
        await OpenAsync();
        int inside = 0;
        Task<string?>[] requests = [.. Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
        {
            try
            {
                await Mount(0, async () =>
                {
                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    await Task.Yield();
                    Interlocked.Decrement(ref inside);
                });
                return null;
            }
            catch (OrchestratorException e)
            {
                return e.Code.Id;
            }
        }))];

        string?[] endings = await Task.WhenAll(requests);

        Assert.Single(endings, ending => ending is null);
        Assert.Equal(49, endings.Count(ending => ending == "guest-denied"));
        Assert.Equal(51, Entries.Length);
    }

    [Fact]
    public async Task Request_IsNotEvenLookedAt_WhileAnotherIsUnderWay()
    {
        await OpenAsync();
        var first = new TaskCompletionSource();
        Task<bool> underWay = Mount(0, () => first.Task);
        bool isLookedAt = false;
        Task<bool> waiting = _gate.PerformAsync(
            () =>
            {
                isLookedAt = true;
                return new MountDevice(Target(1), new string('1', 64), "/run/group/layers/[0-9]+");
            },
            _ => Task.FromResult(true));

        Assert.False(isLookedAt);
        first.SetResult();
        await Task.WhenAll(underWay, waiting);

        Assert.True(isLookedAt);
        Assert.Equal(2, _gate.State.Devices.Count);
    }

    [Fact]
    public async Task Log_LeadsToItsSignedHead_AndEveryChangeOfItIsNoticed()
    {
        await OpenAsync();
        await Mount(0);
        await Mount(1);
        using var key = Orchestrator.Crypto.Signatures.PartySigningKey.Generate();
        (ImmutableArray<byte[]> entries, DecisionHead head) = _log.Read(Digest.Of("policy"u8), 0, 1000);
        byte[] signed = head.Sign(key);
        ReadOnlyMemory<byte>[] genuine = [.. entries];

        Assert.Equal(3, DecisionHead.Verify(signed, genuine, key.VerificationKey).Entries.Count);
        ReadOnlyMemory<byte>[][] altered =
        [
            genuine[..2], genuine[1..], [.. genuine, genuine[2]], [genuine[0], genuine[2], genuine[1]],
            [genuine[0], DecisionEntry.Decode(genuine[1]) is var entry ? (entry with { Subject = "else" }).Encode() : default, genuine[2]],
            [.. genuine[..2], (DecisionEntry.Decode(genuine[2]) with { Outcome = Outcome.Refused }).Encode()],
        ];
        Assert.All(altered, log => Assert.Equal("decisions-broken", Assert.Throws<OrchestratorException>(() => DecisionHead.Verify(signed, log, key.VerificationKey)).Code.Id));
        using var other = Orchestrator.Crypto.Signatures.PartySigningKey.Generate();
        Assert.Equal("decisions-broken", Assert.Throws<OrchestratorException>(() => DecisionHead.Verify(signed, genuine, other.VerificationKey)).Code.Id);
    }

    private static string Target(int number) => $"/run/group/layers/{number}";

    private static async Task<string> CodeOf(Task request) => (await Assert.ThrowsAnyAsync<OrchestratorException>(() => request)).Code.Id;

    private Task OpenAsync() => _gate.OpenAsync(() => Task.FromResult((PolicyReader.Read(Policies.Text(s_container)), new GroupEnvironment(), "digest")));

    private Task<bool> Mount(int number, Func<Task>? effect = null, char hash = '1') => _gate.PerformAsync(
        () => new MountDevice(Target(number), new string(hash, 64), "/run/group/layers/[0-9]+"),
        async _ =>
        {
            await (effect?.Invoke() ?? Task.CompletedTask);
            return true;
        });
}
