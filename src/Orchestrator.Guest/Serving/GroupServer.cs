using Orchestrator.Channel;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Guest.Decisions;
using Orchestrator.Guest.Files;
using Orchestrator.Guest.Processes;
using Orchestrator.Psp;
using Orchestrator.Stages;

namespace Orchestrator.Guest.Serving;

/// <summary>One group: what its host may ask, and who answers (docs/spec/guest-channel.md).</summary>
internal sealed class GroupServer : IDisposable
{
    private static readonly StageFolders s_stageFolders = new(
        GroupFolders.Shared + new VolumeMount(VolumeMount.Inputs, "/", Writable: false).SandboxPath,
        GroupFolders.Shared + new VolumeMount(VolumeMount.Outputs, "/", Writable: true).SandboxPath,
        GroupFolders.Root + "/stage");

    private readonly GroupKeys _keys = new();
    private readonly GroupIdentity _identity;
    private readonly FragmentRequests _fragments;
    private readonly StorageRequests _storage;
    private readonly ContainerRequests _containers;
    private readonly StreamRequests _streams;
    private readonly InsightRequests _insights;
    private readonly StageRequests _stage;

    /// <summary>A group without a policy, which does nothing yet.</summary>
    /// <param name="psp">Says what the group is.</param>
    /// <param name="disks">Layers and scratch.</param>
    /// <param name="isStarved">Whether the kernel has killed anything in the group for want of memory.</param>
    /// <param name="time">The guest's clock.</param>
    public GroupServer(PspLine psp, IGroupDisks disks, Func<bool> isStarved, TimeProvider time)
    {
        var decisions = new DecisionLog();
        var gate = new Gate(decisions);
        var storage = new Storage(disks);
        var log = new RuntimeLog();
        var processes = new ProcessTable();
        var work = new FinishedWork(processes, isStarved);
        _identity = new GroupIdentity(gate, _keys, psp, work);
        _fragments = new FragmentRequests(gate, time);
        _storage = new StorageRequests(gate, storage, processes);
        _containers = new ContainerRequests(gate, storage, new ContainerRuntime(log), processes, work);
        _streams = new StreamRequests(processes);
        _insights = new InsightRequests(gate, _identity, _keys, decisions, processes, log);
        _stage = new StageRequests(_keys.Signing, _keys.Session, () => _identity.Policy, work.Require, s_stageFolders, time);
    }

    /// <summary>Answers one request.</summary>
    /// <exception cref="OrchestratorException">What is said instead of an answer.</exception>
    public Task<CborValue> AnswerAsync(string operation, CborField body, CancellationToken cancel) => operation switch
    {
        Operations.SetPolicy => _identity.SetPolicyAsync(body, cancel),
        Operations.Evidence => _identity.EvidenceAsync(body, cancel),
        Operations.LoadFragment => _fragments.LoadAsync(body),
        Operations.MountDevice => _storage.MountLayerAsync(body),
        Operations.UnmountDevice => _storage.UnmountLayerAsync(body),
        Operations.MountScratch => _storage.MountScratchAsync(body),
        Operations.UnmountScratch => _storage.UnmountScratchAsync(body),
        Operations.MountOverlay => _storage.MountOverlayAsync(body),
        Operations.UnmountOverlay => _storage.UnmountOverlayAsync(body),
        Operations.CreateContainer => _containers.CreateAsync(body),
        Operations.ExecInContainer => _containers.ExecAsync(body),
        Operations.ExecExternal => _containers.ExecExternalAsync(body),
        Operations.SignalProcess => _containers.SignalAsync(body),
        Operations.ShutdownContainer => _containers.ShutdownAsync(body),
        Operations.Wait => _streams.WaitAsync(body, cancel),
        Operations.ReadOutput => _streams.ReadOutputAsync(body, cancel),
        Operations.WriteInput => _streams.WriteInputAsync(body, cancel),
        Operations.GetProperties => _insights.PropertiesAsync(),
        Operations.DumpStacks => _insights.StacksAsync(),
        Operations.RuntimeLog => _insights.LogAsync(body),
        Operations.State => _insights.StateAsync(),
        Operations.Decisions => _insights.DecisionsAsync(body),
        _ when operation.StartsWith(StageRequests.Prefix, StringComparison.Ordinal) => _stage.AnswerAsync(operation, body, cancel),
        _ => throw new OrchestratorException(ChannelErrors.UnknownOperation, "The guest does not know the operation."),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _stage.Dispose();
        _keys.Dispose();
    }
}
