using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Proofs.Invariants;

/// <summary>
/// What is true of a group under a policy in every state that it can reach, and of every request that is admitted on the way: it holds
/// where nothing is mounted or running, and each enforcement point preserves it (docs/spec/policy-proof.md).
/// </summary>
public sealed class GroupInvariant
{
    private readonly ILookup<string, Permit> _permits;
    private readonly ILookup<(string Point, ContainerEntry? Owner), Permit> _byOwner;
    private readonly Dictionary<ContainerPolicy, ContainerEntry> _entries;
    private readonly HashSet<string> _layers;
    private readonly Dictionary<ContainerEntry, string?> _never = [];

    private GroupInvariant(ExecutionPolicy policy, GroupEnvironment environment)
    {
        Policy = policy;
        Environment = environment;
        Containers = [.. policy.Containers.SelectMany((container, index) => ContainerEntry.Of(container, index + 1, policy.PlatformRules, environment))];
        Permits = [.. PermitList.Of(policy, Containers)];
        _permits = Permits.ToLookup(permit => permit.Point, StringComparer.Ordinal);
        _byOwner = Permits.ToLookup(permit => (permit.Point, EntryOf(permit)));
        _entries = new Dictionary<ContainerPolicy, ContainerEntry>(Containers.Select(entry => KeyValuePair.Create(entry.Policy, entry)), ReferenceEqualityComparer.Instance);
        _layers = [.. At("mount_device").OfType<MountLayer>().Select(layer => layer.Hash)];
    }

    /// <summary>The policy.</summary>
    public ExecutionPolicy Policy { get; }

    /// <summary>What the guest adds.</summary>
    public GroupEnvironment Environment { get; }

    /// <summary>The policy's containers, in its order; each once for every platform rule, if there are any.</summary>
    public ImmutableArray<ContainerEntry> Containers { get; }

    /// <summary>All that can happen.</summary>
    public ImmutableArray<Permit> Permits { get; }

    /// <summary>Whether fragments may bring containers that are not in the policy.</summary>
    public bool IsOpenToContainers => IsOpen(fragment => fragment.AddsContainers);

    /// <summary>Whether fragments may bring processes beside the containers that are not in the policy.</summary>
    public bool IsOpenToProcesses => IsOpen(fragment => fragment.AddsProcesses);

    /// <summary>Whether another root file system can be mounted for an ID whose container was shut down.</summary>
    public bool ReusesIds => At("shutdown_container").Any(permit => permit is Release);

    /// <summary>Why no container at all can ever be created; null: there is no proof of it.</summary>
    public string? WhyNothingIsCreated
    {
        get
        {
            string?[] proofs = [.. At("create_container").OfType<CreateFrom>().Select(create => WhyNever(create.Container))];
            return proofs.Contains(null) ? null : $"no container can be created: {string.Join("; ", proofs)}";
        }
    }

    /// <summary>Why a container can never be created; null: there is no proof of it.</summary>
    public string? WhyNever(ContainerEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!_never.TryGetValue(entry, out string? proof))
        {
            proof = Impossibility.Of(this, entry);
            _never.Add(entry, proof);
        }

        return proof;
    }

    /// <summary>Computes the invariant of a policy.</summary>
    public static GroupInvariant Of(ExecutionPolicy policy, GroupEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(environment);
        return new GroupInvariant(policy, environment);
    }

    /// <summary>The permits of a point.</summary>
    public IEnumerable<Permit> At(string point) => _permits[point];

    /// <summary>The entry of a container of the policy; null: a fragment brought it.</summary>
    public ContainerEntry? Find(ContainerPolicy container) => _entries.GetValueOrDefault(container) ?? Containers.FirstOrDefault(entry => entry.Is(container));

    /// <summary>Whether it is true of <paramref name="state"/>.</summary>
    public bool Holds(GroupState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Devices.Values.All(hash => IsOpenToContainers || _layers.Contains(hash))
            && state.Candidates.Values.All(IsOneImage)
            && state.Started.Values.All(started => !started.Privileged || IsOpenToContainers || Containers.Any(entry => entry.Policy.AllowElevated))
            && state.Scratch.Values.All(encrypted => encrypted || At("scratch_mount").Any(permit => permit is MountScratchSpace { Unencrypted: true }))
            && (state.Shares.IsEmpty || At("plan9_mount").Any())
            && (state.Fragments.IsEmpty || At("load_fragment").Any(permit => permit is LoadFragmentOf));
    }

    /// <summary>Whether an admitted request is one that the invariant foresees.</summary>
    /// <remarks>Every identity that the container can still have must permit it, not just one.</remarks>
    public bool Covers(EnforcementRequest request, Decision decision)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(decision);
        return IsOfFragments(request) || Covers(null, request, decision)
            || (IdOf(request) is { } id && decision.Next.Candidates.TryGetValue(id, out ImmutableArray<ContainerPolicy> candidates)
                && candidates.All(candidate => Find(candidate) is { } entry && Covers(entry, request, decision)));
    }

    // Null: what is of no container.
    private bool Covers(ContainerEntry? owner, EnforcementRequest request, Decision decision) => _byOwner[(request.Point, owner)].Any(permit => permit.Covers(request, decision));

    private static string? IdOf(EnforcementRequest request) => request switch
    {
        MountOverlay mount => mount.ContainerId,
        CreateContainer create => create.ContainerId,
        ExecInContainer exec => exec.ContainerId,
        SignalProcess signal => signal.ContainerId,
        _ => null,
    };

    private static ContainerEntry? EntryOf(Permit permit) => permit switch
    {
        StackLayers stack => stack.Container,
        CreateFrom create => create.Container,
        StartInside start => start.Container,
        SendSignal send => send.Container,
        _ => null,
    };

    // Nothing is said of what a fragment's issuer decides.
    private bool IsOfFragments(EnforcementRequest request) => request switch
    {
        MountDevice or MountOverlay or CreateContainer or ExecInContainer or SignalProcess => IsOpenToContainers,
        ExecExternal => IsOpenToProcesses,
        _ => false,
    };

    private bool IsOneImage(ImmutableArray<ContainerPolicy> candidates) => !candidates.IsEmpty
        && (IsOpenToContainers || candidates.All(candidate => Find(candidate) is not null))
        && candidates.All(candidate => candidate.Layers.SequenceEqual(candidates[0].Layers));

    private bool IsOpen(Func<LoadFragmentOf, bool> adds) =>
        At("load_fragment").Any(permit => permit is LoadFragmentOf fragment && adds(fragment));
}
