using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orchestrator.Containers.Patterns;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>The framework's rules for devices, root file systems, scratch space and shares.</summary>
internal sealed class MountEnforcement(ExecutionPolicy policy)
{
    private static readonly string[] ScratchFilesystems = ["ext4", "xfs"];

    // The guest asks with the same few patterns again and again.
    private static readonly ConcurrentDictionary<string, Re2Pattern> Patterns = new(StringComparer.Ordinal);

    private readonly Permissions _permissions = new(policy);
    private readonly ImmutableHashSet<string> _layers = [.. policy.Containers.SelectMany(container => container.Layers)];

    public Decision Mount(GroupState state, MountDevice request) => new Reasons()
        .Require(IsLayer(state, request.DeviceHash), "deviceHash not found")
        .Require(!IsMounted(state, request.Target), "device already mounted at path")
        .Require(Matches(request.MountPathRegex, request.Target), "mountpoint invalid")
        .Decide(state, () => state with { Devices = state.Devices.Add(request.Target, request.DeviceHash) });

    public Decision Mount(GroupState state, MountWritableDevice request) => new Reasons()
        .Require(!IsMounted(state, request.Target), "device already mounted at path")
        .Require(Matches(request.MountPathRegex, request.Target), "mountpoint invalid")
        .Require(request.Encrypted || policy.Flags.AllowUnencryptedScratch, "unencrypted scratch not allowed, non-readonly mount request for SCSI disk must request encryption")
        .Require(request.EnsureFilesystem, "ensureFilesystem must be set on rw device mounts")
        .Require(ScratchFilesystems.Contains(request.Filesystem), "rw device mounts uses a filesystem that is not allowed")
        .Decide(state, () => state with { WritableDevices = state.WritableDevices.Add(request.Target) });

    public static Decision Unmount(GroupState state, UnmountDevice request) => new Reasons()
        .Require(state.Devices.ContainsKey(request.Target), state.WritableDevices.Contains(request.Target)
            ? "received read-only unmount request, but device provided is read-write" : "no device at path to unmount")
        .Decide(state, () => state with { Devices = state.Devices.Remove(request.Target) });

    public static Decision Unmount(GroupState state, UnmountWritableDevice request) => new Reasons()
        .Require(state.WritableDevices.Contains(request.Target), state.Devices.ContainsKey(request.Target)
            ? "received read-write unmount request, but device provided is read-only" : "no device at path to unmount")
        .Decide(state, () => state with { WritableDevices = state.WritableDevices.Remove(request.Target) });

    public Decision Mount(GroupState state, MountOverlay request)
    {
        // Requests name the top layer first, policies the bottom one.
        ImmutableArray<string?> stack = [.. request.LayerPaths.Reverse().Select(path => state.Devices.GetValueOrDefault(path))];
        ImmutableArray<ContainerPolicy> candidates = _permissions.Containers(state).RemoveAll(container => !container.Layers.AsSpan().SequenceEqual(stack.AsSpan()));
        return new Reasons()
            .Require(!state.Candidates.ContainsKey(request.ContainerId) && !state.Overlays.Contains(request.Target), "overlay has already been mounted")
            .Require(candidates.Length > 0, "no matching containers for overlay")
            .Decide(state, () => state with
            {
                Candidates = state.Candidates.Add(request.ContainerId, candidates),
                Overlays = state.Overlays.Add(request.Target),
            });
    }

    public static Decision Unmount(GroupState state, UnmountOverlay request) => new Reasons()
        .Require(state.Overlays.Contains(request.Target), "no overlay at path to unmount")
        .Decide(state, () => state with { Overlays = state.Overlays.Remove(request.Target) });

    public Decision Mount(GroupState state, MountScratch request) => new Reasons()
        .Require(!state.Scratch.ContainsKey(request.Target), "scratch already mounted at path")
        .Require(request.Encrypted || policy.Flags.AllowUnencryptedScratch, "unencrypted scratch not allowed")
        .Decide(state, () => state with { Scratch = state.Scratch.Add(request.Target, request.Encrypted) });

    public static Decision Unmount(GroupState state, UnmountScratch request) => new Reasons()
        .Require(state.Scratch.ContainsKey(request.Target), "no scratch at path to unmount")
        .Decide(state, () => state with { Scratch = state.Scratch.Remove(request.Target) });

    public static Decision Mount(GroupState state, MountShare request)
    {
        string? owner = state.Candidates.Keys.FirstOrDefault(id => IsShareOf(id, request));
        return new Reasons()
            .Require(!state.Shares.ContainsKey(request.Target), "device already mounted at path")
            .Require(owner is not null, "no container has shares at path")
            .Decide(state, () => state with { Shares = state.Shares.Add(request.Target, owner!) });
    }

    public static Decision Unmount(GroupState state, UnmountShare request) => new Reasons()
        .Require(state.Shares.ContainsKey(request.Target), "no device at path to unmount")
        .Decide(state, () => state with { Shares = state.Shares.Remove(request.Target) });

    private bool IsLayer(GroupState state, string hash) =>
        _layers.Contains(hash) || state.Fragments.Any(fragment => fragment.Permissions.Containers.Any(container => container.Layers.Contains(hash)));

    private static bool IsMounted(GroupState state, string target) => state.Devices.ContainsKey(target) || state.WritableDevices.Contains(target);

    private static bool IsShareOf(string containerId, MountShare request)
    {
        string prefix = $"{request.RootPrefix}/{containerId}";
        return request.Target.StartsWith(prefix, StringComparison.Ordinal) && Matches(request.MountPathPrefix, request.Target[prefix.Length..]);
    }

    private static bool Matches(string pattern, string text)
    {
        try
        {
            return Patterns.GetOrAdd(pattern, Re2Pattern.Parse).IsMatch(text);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
