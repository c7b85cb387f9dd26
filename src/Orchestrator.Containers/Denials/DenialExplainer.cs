using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Denials;

/// <summary>
/// Says why a request was refused, and what the nearest permitted one would be, one line for each of the engine's errors. It decides nothing:
/// what it says is read from policy and state again.
/// </summary>
/// <param name="policy">That refused.</param>
/// <param name="environment">What the guest adds to it.</param>
public sealed class DenialExplainer(ExecutionPolicy policy, GroupEnvironment environment)
{
    private readonly Permissions _permissions = new(policy);
    private readonly ProcessExplainer _processes = new(environment);

    /// <summary>Explains a refusal; empty where the request was admitted.</summary>
    /// <param name="state">In which it was asked.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="decision">The engine's answer.</param>
    public ImmutableArray<Explanation> Explain(GroupState state, EnforcementRequest request, Decision decision)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(decision);
        if (decision.Allowed)
        {
            return [];
        }

        return decision.Errors.IsEmpty
            ? [new Explanation($"{request.Point} is refused", "", FlagFor(request) is { } flag ? $"it only where {flag} is true" : "")]
            : [.. decision.Errors.Select(error => Explain(state, request, error))];
    }

    private Explanation Explain(GroupState state, EnforcementRequest request, string error) => request switch
    {
        MountDevice mount => Explain(state, mount, error),
        MountWritableDevice mount => Explain(mount, error),
        MountOverlay mount => Explain(state, mount, error),
        CreateContainer create => _processes.Explain(CandidatesOf(state, create.ContainerId), create, error),
        ExecInContainer exec => _processes.Explain(CandidatesOf(state, exec.ContainerId), exec, error),
        ExecExternal exec => ProcessExplainer.Explain([.. _permissions.ExternalProcesses(state)], exec, error),
        SignalProcess signal => Explain(CandidatesOf(state, signal.ContainerId), signal, error),
        OfferFragment offer => Explain(state, offer.Issuer, offer.Feed, "", error),
        LoadFragment load => Explain(state, load.Fragment.Issuer, load.Fragment.Feed, load.Fragment.Module.Svn.ToString()!, error),
        _ => new Explanation(error, "", ""),
    };

    private Explanation Explain(GroupState state, MountDevice mount, string error)
    {
        if (error == "mountpoint invalid")
        {
            return new Explanation(error, mount.Target, $"paths like {mount.MountPathRegex}");
        }

        var layers = _permissions.Containers(state).SelectMany(container => container.Layers.Select((hash, index) => (Hash: hash, Text: $"{hash}, layer {index + 1} of {NameOf(container)}")));
        string permitted = Nearest.Of(layers.Select(layer => layer.Text), mount.DeviceHash, text => text.Split(',')[0]) ?? "";
        return error == "deviceHash not found" ? new Explanation(error, mount.DeviceHash, permitted) : new Explanation(error, mount.Target, "a path where nothing is mounted");
    }

    private static Explanation Explain(MountWritableDevice mount, string error) => error switch
    {
        "mountpoint invalid" => new(error, mount.Target, $"paths like {mount.MountPathRegex}"),
        "device already mounted at path" => new(error, mount.Target, "a path where nothing is mounted"),
        "ensureFilesystem must be set on rw device mounts" => new(error, "", "devices that the guest formats itself"),
        "rw device mounts uses a filesystem that is not allowed" => new(error, mount.Filesystem, "ext4 or xfs"),
        _ => new(error, "a device in the clear", "encrypted ones"),
    };

    private Explanation Explain(GroupState state, MountOverlay mount, string error)
    {
        if (error != "no matching containers for overlay")
        {
            return new Explanation(error, mount.Target, "a container of another ID, or a path where no overlay is mounted");
        }

        string[] asked = [.. mount.LayerPaths.Reverse().Select(path => state.Devices.GetValueOrDefault(path, "nothing mounted"))];
        ContainerPolicy? nearest = _permissions.Containers(state).MinBy(container =>
            Math.Abs(container.Layers.Length - asked.Length) + container.Layers.Zip(asked).Count(pair => pair.First != pair.Second));
        return new Explanation(error, $"{asked.Length} layers, the bottom one first: {string.Join(", ", asked)}", nearest is null ? "" : $"those of {NameOf(nearest)}: {string.Join(", ", nearest.Layers)}");
    }

    private static Explanation Explain(ImmutableArray<ContainerPolicy> possible, SignalProcess signal, string error)
    {
        if (error == "container not started")
        {
            return new Explanation(error, signal.ContainerId, "signals to running containers");
        }

        IEnumerable<long> signals = signal.IsInitProcess
            ? possible.SelectMany(container => container.Signals)
            : possible.SelectMany(container => container.ExecProcesses).Where(process => process.Command.SequenceEqual(signal.Command)).SelectMany(process => process.Signals);
        string permitted = string.Join(", ", signals.Distinct().Order());
        return new Explanation(error, $"{signal.Signal}", permitted.Length == 0 ? "" : permitted);
    }

    private Explanation Explain(GroupState state, string issuer, string feed, string svn, string error)
    {
        FragmentReference? nearest = Nearest.Of(_permissions.Fragments(state), issuer + feed, reference => reference.Issuer + reference.Feed);
        return new Explanation(error, $"{feed}{(svn.Length == 0 ? "" : $" svn {svn}")} of {issuer}", nearest is null ? "" : $"{nearest.Feed} svn {nearest.MinimumSvn} or later of {nearest.Issuer}");
    }

    private static string? FlagFor(EnforcementRequest request) => request.Point switch
    {
        "get_properties" => "allow_properties_access",
        "dump_stacks" => "allow_dump_stacks",
        "runtime_logging" => "allow_runtime_logging",
        "host_network" => "allow_host_network",
        _ => null,
    };

    private static ImmutableArray<ContainerPolicy> CandidatesOf(GroupState state, string id) => state.Candidates.GetValueOrDefault(id, []);

    private static string NameOf(ContainerPolicy container) => container.Label.Length > 0 ? container.Label : string.Join(' ', container.Command);
}
