using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Layers;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Uvm;

namespace Orchestrator.Shim.Groups;

/// <summary>A container that runs, or has run.</summary>
/// <param name="Name">As in the group file.</param>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="Process">Its first process.</param>
public sealed record RunningContainer(string Name, string Id, StartedProcess Process);

/// <summary>A group that was started from a group file: what it has mounted and what runs in it. Disposing of it ends it.</summary>
public sealed class RunningGroup : IAsyncDisposable
{
    /// <summary>Bytes of scratch that a group has for all its containers.</summary>
    internal const long ScratchBytes = 1L << 30;

    private readonly GroupPlan _plan;

    private RunningGroup(RunningGuest guest, GroupPlan plan)
    {
        _plan = plan;
        Guest = guest;
        Client = new GroupClient(guest.Channel);
    }

    /// <summary>What it runs in.</summary>
    public RunningGuest Guest { get; }

    /// <summary>What can be asked of it.</summary>
    public GroupClient Client { get; }

    /// <summary>The machine that it has to itself; null: it is in a sandbox.</summary>
    public VirtualMachine? Machine => Guest.Machine;

    /// <summary>Its containers, in the order in which they were started.</summary>
    public ImmutableList<RunningContainer> Containers { get; private set; } = [];

    /// <summary>Launches a guest under a policy. Nothing is mounted yet.</summary>
    /// <param name="backEnd">How.</param>
    /// <param name="plan">What the group is.</param>
    /// <param name="policy">Its execution policy, the very bytes.</param>
    /// <param name="layers">The folder of the plan's layer images.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="ShimErrors"/>, or what the guest refuses the policy with.</exception>
    public static async Task<RunningGroup> LaunchAsync(IBackEnd backEnd, GroupPlan plan, ReadOnlyMemory<byte> policy, string layers, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(backEnd);
        ArgumentNullException.ThrowIfNull(plan);
        RunningGuest guest = await backEnd.LaunchAsync(Digest.Of(policy.Span), plan.File.Size, layers, cancel).ConfigureAwait(false);
        var group = new RunningGroup(guest, plan);
        try
        {
            await group.Client.SetPolicyAsync(policy, cancel).ConfigureAwait(false);
            return group;
        }
        catch
        {
            await group.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Mounts what the containers need, and starts them one after the other.</summary>
    /// <param name="started">Told of each.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException">What the guest refuses or fails with.</exception>
    public Task StartAsync(Action<RunningContainer>? started = null, CancellationToken cancel = default) => StartAsync(
        container =>
        {
            started?.Invoke(container);
            return Task.CompletedTask;
        },
        cancel);

    /// <summary>The same, and the next one only when it is time.</summary>
    /// <param name="started">Told of each; the next is started when this is done.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException">What the guest refuses or fails with, or <paramref name="started"/> throws.</exception>
    public async Task StartAsync(Func<RunningContainer, Task> started, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(started);
        Dictionary<Digest, string> layers = await MountLayersAsync(cancel).ConfigureAwait(false);
        await Client.MountScratchAsync(GuestPaths.Scratch(0), ScratchBytes, cancel: cancel).ConfigureAwait(false);
        foreach (PlannedContainer container in _plan.Containers)
        {
            string id = RandomNumberGenerator.GetHexString(64, lowercase: true);
            await Client.MountOverlayAsync(id, container.Layers.Reverse().Select(layer => layers[layer.RootHash]), GuestPaths.Scratch(0), cancel).ConfigureAwait(false);
            var running = new RunningContainer(container.Section.Name, id, await Client.CreateContainerAsync(Spec(container, id), cancel).ConfigureAwait(false));
            Containers = Containers.Add(running);
            await started(running).ConfigureAwait(false);
        }
    }

    /// <summary>The container of a name.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.ContainerUnknown"/>.</exception>
    public (PlannedContainer Plan, RunningContainer Container) Find(string name) => Containers.Find(container => container.Name == name) is { } found
        ? (_plan.Containers.First(planned => planned.Section.Name == name), found)
        : throw new OrchestratorException(ShimErrors.ContainerUnknown, $"The group has no container \"{name}\"; it has {string.Join(", ", Containers.Select(container => container.Name))}.");

    /// <summary>A process as it is started in a planned container.</summary>
    public static ProcessSpec Process(PlannedContainer container, ImmutableArray<string> command)
    {
        ArgumentNullException.ThrowIfNull(container);
        return new ProcessSpec
        {
            Command = command,
            Environment = container.Environment,
            WorkingDirectory = container.WorkingDirectory,
            User = UserOf(container),
            Umask = container.Section.Umask,
            NoNewPrivileges = container.Section.NoNewPrivileges,
            Capabilities = container.Section.Capabilities,
        };
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Guest.DisposeAsync();

    private async Task<Dictionary<Digest, string>> MountLayersAsync(CancellationToken cancel)
    {
        var targets = new Dictionary<Digest, string>();
        foreach (LayerImage layer in _plan.Containers.SelectMany(container => container.Layers).DistinctBy(layer => layer.RootHash))
        {
            string target = GuestPaths.Layer(targets.Count);
            await Client.MountLayerAsync(Path.GetFileName(layer.Path), layer.RootHash.ToString(), target, cancel).ConfigureAwait(false);
            targets.Add(layer.RootHash, target);
        }

        return targets;
    }

    private static ContainerSpec Spec(PlannedContainer container, string id) => new(id, Process(container, container.Command))
    {
        Mounts = [.. container.Section.Volumes.Select(volume => new MountRequest(volume.At, GuestPaths.Shared + volume.SandboxPath, "bind", volume.Options))],
    };

    // A user alone brings its supplementary groups; where there are none, the group may have been named.
    private static string UserOf(PlannedContainer container) => container.Groups.Length == 1 ? $"{container.User.Id}:{container.Groups[0].Id}" : container.User.Id;
}
