using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Stages;
using Orchestrator.Errors;
using Orchestrator.Shim.BackEnds;
using Protocol = Orchestrator.Contracts.Protocol.Groups.Groups;

namespace Orchestrator.Shim.Stages;

/// <summary>The groups that run for a host, by the names that it knows them by.</summary>
internal sealed class RunningStages(IBackEnd backEnd, GroupLibrary library) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, StageGroup> _groups = new();

    public async Task<(string Name, StageGroup Group)> LaunchAsync(LaunchRequest request, CancellationToken cancel)
    {
        string name = RandomNumberGenerator.GetHexString(32, lowercase: true);
        StageGroup group = await StageGroup.LaunchAsync(backEnd, library, request, cancel).ConfigureAwait(false);
        _groups[name] = group;
        return (name, group);
    }

    /// <exception cref="OrchestratorException"><see cref="StageErrors.GroupUnknown"/>.</exception>
    public StageGroup Find(string name) => _groups.TryGetValue(name, out StageGroup? group) ? group : throw new OrchestratorException(StageErrors.GroupUnknown, "The shim runs no such group.");

    public async ValueTask EndAsync(string name)
    {
        if (_groups.TryRemove(name, out StageGroup? group))
        {
            await group.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string name in _groups.Keys)
        {
            await EndAsync(name).ConfigureAwait(false);
        }
    }
}

/// <summary>What a host asks for prepare stages, as a gRPC service. Errors leave through the server's interceptor.</summary>
internal sealed class StageService(RunningStages stages) : Protocol.GroupsBase
{
    public override async Task<LaunchReply> Launch(LaunchRequest request, ServerCallContext context)
    {
        (string name, StageGroup group) = await stages.LaunchAsync(request, context.CancellationToken).ConfigureAwait(false);
        return new LaunchReply { Group = name, Evidence = ByteString.CopyFrom(group.Evidence) };
    }

    public override async Task<ReleaseReply> Release(ReleaseRequest request, ServerCallContext context)
    {
        await stages.Find(request.Group).ReleaseAsync(request.Party, request.SealedPackage.Memory, context.CancellationToken).ConfigureAwait(false);
        return new ReleaseReply();
    }

    public override async Task Prepare(IAsyncStreamReader<PrepareRequest> requestStream, IServerStreamWriter<PrepareReply> responseStream, ServerCallContext context)
    {
        CancellationToken cancel = context.CancellationToken;
        StageGroup group = await requestStream.MoveNext(cancel).ConfigureAwait(false)
            ? stages.Find(requestStream.Current.Group)
            : throw new OrchestratorException(StageErrors.GroupUnknown, "No group was named.");
        while (await requestStream.MoveNext(cancel).ConfigureAwait(false))
        {
            await group.InputAsync(requestStream.Current.Input, requestStream.Current.Data.Memory, cancel).ConfigureAwait(false);
        }

        await group.RunAsync(cancel).ConfigureAwait(false);
        (ByteString statement, IReadOnlyList<int> streams) = await group.FinishAsync(cancel).ConfigureAwait(false);
        await responseStream.WriteAsync(new PrepareReply { Statement = statement }, cancel).ConfigureAwait(false);
        foreach (int stream in streams)
        {
            await SendAsync(group, stream, responseStream, cancel).ConfigureAwait(false);
        }
    }

    public override async Task<NonceReply> Nonce(NonceRequest request, ServerCallContext context) =>
        new() { Nonce = await stages.Find(request.Group).NonceAsync(context.CancellationToken).ConfigureAwait(false) };

    public override Task<OfferReply> Offer(OfferRequest request, ServerCallContext context) => stages.Find(request.Group).OfferAsync(request.Evidence.Memory, context.CancellationToken);

    public override async Task<EndReply> End(EndRequest request, ServerCallContext context)
    {
        await stages.EndAsync(request.Group).ConfigureAwait(false);
        return new EndReply();
    }

    private static async Task SendAsync(StageGroup group, int stream, IServerStreamWriter<PrepareReply> replies, CancellationToken cancel)
    {
        for (long offset = 0; ;)
        {
            ReadOnlyMemory<byte> data = await group.OutputAsync(stream, offset, cancel).ConfigureAwait(false);
            offset += data.Length;
            var piece = new PreparedPiece { Stream = (uint)stream, Data = ByteString.CopyFrom(data.Span), Last = data.IsEmpty };
            await replies.WriteAsync(new PrepareReply { Piece = piece }, cancel).ConfigureAwait(false);
            if (data.IsEmpty)
            {
                return;
            }
        }
    }
}
