using System.Collections.Immutable;
using Orchestrator.Attestation.Snp;
using Orchestrator.Channel;
using Orchestrator.Channel.Decisions;
using Orchestrator.Channel.Messages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Shim.Groups;

/// <summary>What a host can ask of a guest, typed (docs/spec/guest-channel.md). Every method throws the guest's own failure; a refusal is a <see cref="DeniedException"/>.</summary>
public sealed class GroupClient(GuestChannel channel)
{
    private const int MaxText = 1 << 20;

    /// <summary>Gives the guest its policy.</summary>
    public Task SetPolicyAsync(ReadOnlyMemory<byte> policy, CancellationToken cancel = default) => channel.AskAsync(Operations.SetPolicy, CborMap.Of(("policy", policy)), cancel);

    /// <summary>Extends the policy.</summary>
    public Task LoadFragmentAsync(ReadOnlyMemory<byte> fragment, CancellationToken cancel = default) => channel.AskAsync(Operations.LoadFragment, CborMap.Of(("fragment", fragment)), cancel);

    /// <summary>Mounts a layer at <see cref="GuestPaths.Layer"/>.</summary>
    public Task MountLayerAsync(string device, string rootHash, string target, CancellationToken cancel = default) =>
        channel.AskAsync(Operations.MountDevice, CborMap.Of(("device", device), ("root_hash", rootHash), ("target", target)), cancel);

    /// <summary>Takes a layer away.</summary>
    public Task UnmountLayerAsync(string target, CancellationToken cancel = default) => channel.AskAsync(Operations.UnmountDevice, Target(target), cancel);

    /// <summary>Mounts scratch of <paramref name="size"/> bytes at <see cref="GuestPaths.Scratch"/>.</summary>
    public Task MountScratchAsync(string target, long size, bool encrypted = true, CancellationToken cancel = default) =>
        channel.AskAsync(Operations.MountScratch, CborMap.Of(("target", target), ("encrypted", encrypted), ("size", size)), cancel);

    /// <summary>Takes scratch away.</summary>
    public Task UnmountScratchAsync(string target, CancellationToken cancel = default) => channel.AskAsync(Operations.UnmountScratch, Target(target), cancel);

    /// <summary>Stacks layers, the top one first.</summary>
    public Task MountOverlayAsync(string container, IEnumerable<string> layers, string scratch, CancellationToken cancel = default) => channel.AskAsync(
        Operations.MountOverlay,
        CborMap.Of(("container", container), ("layers", new CborArray(layers.Select(layer => (CborValue)layer))), ("scratch", scratch), ("target", GuestPaths.RootFileSystem(container))),
        cancel);

    /// <summary>Takes a container's root file system away.</summary>
    public Task UnmountOverlayAsync(string container, CancellationToken cancel = default) => channel.AskAsync(Operations.UnmountOverlay, Target(GuestPaths.RootFileSystem(container)), cancel);

    /// <summary>Creates a container and starts its first process.</summary>
    public async Task<StartedProcess> CreateContainerAsync(ContainerSpec container, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(container);
        return StartedProcess.FromCbor(await channel.AskAsync(Operations.CreateContainer, container.ToCbor(), cancel).ConfigureAwait(false));
    }

    /// <summary>Starts a further process in a container.</summary>
    public async Task<StartedProcess> ExecAsync(string container, ProcessSpec process, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(process);
        return StartedProcess.FromCbor(await channel.AskAsync(Operations.ExecInContainer, CborMap.Of(("container", container), ("process", process.ToCbor())), cancel).ConfigureAwait(false));
    }

    /// <summary>Starts a process beside the containers.</summary>
    public async Task<StartedProcess> ExecExternalAsync(ProcessSpec process, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(process);
        return StartedProcess.FromCbor(await channel.AskAsync(Operations.ExecExternal, CborMap.Of(("process", process.ToCbor())), cancel).ConfigureAwait(false));
    }

    /// <summary>Sends a signal.</summary>
    public Task SignalAsync(string container, long process, int signal, CancellationToken cancel = default) =>
        channel.AskAsync(Operations.SignalProcess, CborMap.Of(("container", container), ("process", process), ("signal", (long)signal)), cancel);

    /// <summary>Ends a container.</summary>
    public Task ShutdownAsync(string container, CancellationToken cancel = default) => channel.AskAsync(Operations.ShutdownContainer, CborMap.Of(("container", container)), cancel);

    /// <summary>Waits for a process's end.</summary>
    /// <returns>Its exit code, or 128 and the number of the signal that ended it.</returns>
    public async Task<int> WaitAsync(long process, CancellationToken cancel = default) =>
        (await channel.AskAsync(Operations.Wait, CborMap.Of(("process", process)), cancel).ConfigureAwait(false)).ReadMap(map => map.Required("exit_code").AsInt32());

    /// <summary>Waits for what a process writes to standard output (1) or error (2).</summary>
    /// <returns>Nothing at the end.</returns>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(long process, int stream, CancellationToken cancel = default) =>
        (await channel.AskAsync(Operations.ReadOutput, CborMap.Of(("process", process), ("stream", (long)stream)), cancel).ConfigureAwait(false)).ReadMap(map => map.Required("data").AsBytes(MaxText));

    /// <summary>Gives a process something to read; nothing: the end.</summary>
    public Task WriteAsync(long process, ReadOnlyMemory<byte> data, CancellationToken cancel = default) =>
        channel.AskAsync(Operations.WriteInput, CborMap.Of(("process", process), ("data", data)), cancel);

    /// <summary>What the group is and can still become, as the specification describes it.</summary>
    public Task<CborField> StateAsync(CancellationToken cancel = default) => channel.AskAsync(Operations.State, CborMap.Of(), cancel);

    /// <summary>What the processes use.</summary>
    public Task<CborField> PropertiesAsync(CancellationToken cancel = default) => channel.AskAsync(Operations.GetProperties, CborMap.Of(), cancel);

    /// <summary>Where the processes stand.</summary>
    public async Task<string> StacksAsync(CancellationToken cancel = default) =>
        (await channel.AskAsync(Operations.DumpStacks, CborMap.Of(), cancel).ConfigureAwait(false)).ReadMap(map => map.Required("text").AsText(MaxText));

    /// <summary>What the agent notes of its own work.</summary>
    public async Task<ImmutableArray<string>> RuntimeLogAsync(int from = 0, CancellationToken cancel = default) =>
        (await channel.AskAsync(Operations.RuntimeLog, CborMap.Of(("from", (long)from)), cancel).ConfigureAwait(false)).ReadMap(map =>
            map.Required("lines").AsArray().Select(line => line.AsText(MaxText)).ToImmutableArray());

    /// <summary>A report on the group, not yet verified.</summary>
    public async Task<GroupReport> EvidenceAsync(IEnumerable<ReadOnlyMemory<byte>> nonces, Digest? manifest = null, CancellationToken cancel = default)
    {
        CborField answer = await channel.AskAsync(
            Operations.Evidence,
            CborMap.Of(("nonces", new CborArray(nonces.Select(nonce => (CborValue)nonce))), ("manifest", manifest is { } digest ? digest : null)),
            cancel).ConfigureAwait(false);
        return answer.ReadMap(map => new GroupReport(map.Required("report").AsFixedBytes(SnpReport.Size), map.Required("chain").AsText(MaxText), map.Required("binding")));
    }

    /// <summary>All decisions so far, verified to be what the group has signed.</summary>
    /// <param name="key">The group's, as its evidence names it.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException"><see cref="DecisionErrors.LogBroken"/>.</exception>
    public async Task<VerifiedDecisions> DecisionsAsync(VerificationKey key, CancellationToken cancel = default)
    {
        (ReadOnlyMemory<byte> head, IReadOnlyList<ReadOnlyMemory<byte>> entries) = await SignedDecisionsAsync(cancel).ConfigureAwait(false);
        return DecisionHead.Verify(head, entries, key);
    }

    /// <summary>All decisions so far as the group gives them: the signed head, and the entries, for <see cref="DecisionHead.Verify"/>.</summary>
    public async Task<(ReadOnlyMemory<byte> Head, IReadOnlyList<ReadOnlyMemory<byte>> Entries)> SignedDecisionsAsync(CancellationToken cancel = default)
    {
        var entries = new List<ReadOnlyMemory<byte>>();
        while (true)
        {
            CborField page = await channel.AskAsync(Operations.Decisions, CborMap.Of(("from", (long)entries.Count)), cancel).ConfigureAwait(false);
            (ReadOnlyMemory<byte>[] more, ReadOnlyMemory<byte> head) = page.ReadMap(map =>
                (map.Required("entries").AsArray().Select(entry => entry.AsBytes(MaxText)).ToArray(), map.Required("head").AsBytes(MaxText)));
            entries.AddRange(more);
            if (more.Length < DecisionHead.PageSize)
            {
                return (head, entries);
            }
        }
    }

    private static CborMap Target(string target) => CborMap.Of(("target", target));
}

/// <summary>What a group says of itself, as received.</summary>
/// <param name="Report">1184 bytes.</param>
/// <param name="Chain">Certificates in PEM.</param>
/// <param name="Binding">What REPORT_DATA has to be the digest of: <see cref="Attestation.Groups.GroupBinding"/>.</param>
public sealed record GroupReport(ReadOnlyMemory<byte> Report, string Chain, CborField Binding);
