using Google.Protobuf;
using Orchestrator.Attestation.Groups;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Shim.Stages;

/// <summary>A group that works for a stage of a job, as the host asks for it. Nothing here can open what passes through.</summary>
internal sealed class StageGroup : IAsyncDisposable
{
    private const int PieceBytes = 1 << 20;

    private readonly RunningGroup _group;

    private StageGroup(RunningGroup group, byte[] evidence)
    {
        _group = group;
        Evidence = evidence;
    }

    /// <summary>What the parties are to judge.</summary>
    public byte[] Evidence { get; }

    /// <summary>Launches the group of a stage, and lets it attest for a job.</summary>
    /// <exception cref="OrchestratorException">The manifest is none, the policy is not known here, or the guest's failure.</exception>
    public static async Task<StageGroup> LaunchAsync(IBackEnd backEnd, GroupLibrary library, LaunchRequest request, CancellationToken cancel)
    {
        Manifest manifest = Manifest.Decode(request.Manifest.Memory);
        ManifestStage stage = manifest.FindStage(request.Stage) ?? throw new OrchestratorException(StageErrors.Unknown, "The manifest has no stage of the name that was given.");
        KnownGroup known = library.Find(stage.Policy);
        RunningGroup group = await RunningGroup.LaunchAsync(backEnd, known.Plan, known.Policy, known.Layers, cancel).ConfigureAwait(false);
        try
        {
            KeyValuePair<string, ReadOnlyMemory<byte>>[] nonces = [.. request.Nonces.Select(nonce => KeyValuePair.Create(nonce.Key, nonce.Value.Memory))];
            GroupReport report = await group.Client.EvidenceAsync([GroupEvidence.Combine(nonces)], manifest.Digest, cancel).ConfigureAwait(false);
            byte[] evidence = GroupEvidence.Encode(report.Report, report.Chain, report.Binding.Value, nonces, group.Guest.Endorsement);
            var staged = new StageGroup(group, evidence);
            await staged.AskAsync("stage_begin", cancel, ("manifest", manifest.Encoding), ("stage", stage.Name), ("evidence", evidence)).ConfigureAwait(false);
            return staged;
        }
        catch
        {
            await group.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Hands a party's package in.</summary>
    public Task ReleaseAsync(string party, ReadOnlyMemory<byte> package, CancellationToken cancel) =>
        AskAsync("stage_release", cancel, ("party", party), ("package", package));

    /// <summary>Hands a piece of a sealed input in; nothing: it is complete.</summary>
    public Task InputAsync(string name, ReadOnlyMemory<byte> data, CancellationToken cancel) => AskAsync("stage_input", cancel, ("name", name), ("data", data));

    /// <summary>Runs the containers, one after the other, each to its end.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.ContainerFailed"/>, <see cref="StageErrors.MemoryExhausted"/>, or the guest's failure.</exception>
    public Task RunAsync(CancellationToken cancel) => _group.StartAsync(
        async container =>
        {
            int exitCode = await _group.Client.WaitAsync(container.Process.Process, cancel).ConfigureAwait(false);
            if (exitCode != 0)
            {
                throw Failed(container.Name, exitCode);
            }
        },
        cancel);

    /// <summary>Has the outputs sealed.</summary>
    public async Task<(ByteString Statement, IReadOnlyList<int> Streams)> FinishAsync(CancellationToken cancel) =>
        (await AskAsync("stage_finish", cancel).ConfigureAwait(false)).ReadMap(map => (
            ByteString.CopyFrom(map.Required("statement").AsBytes(Contracts.Stages.Preparation.MaxBytes).Span),
            (IReadOnlyList<int>)[.. map.Required("streams").AsArray(64).Select(stream => stream.AsInt32(1))]));

    /// <summary>A piece of a sealed output; nothing at its end.</summary>
    public async Task<ReadOnlyMemory<byte>> OutputAsync(int stream, long offset, CancellationToken cancel) =>
        (await AskAsync("stage_output", cancel, ("stream", (long)stream), ("offset", offset)).ConfigureAwait(false)).ReadMap(map => map.Required("data").AsBytes(PieceBytes));

    /// <summary>The group's nonce for a device's quote.</summary>
    public async Task<ByteString> NonceAsync(CancellationToken cancel) =>
        ByteString.CopyFrom((await AskAsync("stage_nonce", cancel).ConfigureAwait(false)).ReadMap(map => map.Required("nonce").AsFixedBytes(GroupEvidence.NonceSize)).Span);

    /// <summary>Offers a device's quote.</summary>
    public async Task<OfferReply> OfferAsync(ReadOnlyMemory<byte> quote, CancellationToken cancel) =>
        (await AskAsync("stage_offer", cancel, ("quote", quote)).ConfigureAwait(false)).ReadMap(map =>
        {
            var reply = new OfferReply { SealedPackage = map.Optional("package") is { } package ? ByteString.CopyFrom(package.AsBytes(PieceBytes).Span) : ByteString.Empty };
            reply.Denials.AddRange(map.Required("denials").AsArray(64).Select(denial => denial.ReadMap(ReadDenial)));
            return reply;
        });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _group.DisposeAsync();

    private OrchestratorException Failed(string container, int exitCode) => _group.Machine is { HasRunOutOfMemory: true } machine
        ? new OrchestratorException(StageErrors.MemoryExhausted, $"Container {container} ended with {exitCode}, after its group's {machine.Plan.Memory} MiB of memory had run out.")
        : new OrchestratorException(ShimErrors.ContainerFailed, $"Container {container} ended with {exitCode}.");

    private static Denial ReadDenial(CborMapReader map) => new()
    {
        Code = map.Required("code").AsText(),
        Claim = map.Required("claim").AsText(),
        Expected = map.Required("expected").AsText(64 * 1024),
        Observed = map.Required("observed").AsText(64 * 1024),
        PolicyOf = map.Required("policy_of").AsText(),
        Remedy = map.Required("remedy").AsText(),
    };

    private Task<CborField> AskAsync(string operation, CancellationToken cancel, params IEnumerable<(string, CborValue?)> body) =>
        _group.Guest.Channel.AskAsync(operation, CborMap.Of(body), cancel);
}
