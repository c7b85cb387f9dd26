using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Jobs;
using Orchestrator.Host.Objects;

namespace Orchestrator.Host.Services;

/// <summary>Uploads and downloads of sealed streams.</summary>
internal sealed class ObjectsService(ObjectStore store, JobJournal journal, ChangeSignal changes) : Contracts.Protocol.Host.Objects.ObjectsBase
{
    private const int MaximumPutBytes = 1 << 20;
    private const int GetBytes = 1 << 18;

    public override Task<StatReply> Stat(StatRequest request, ServerCallContext context)
    {
        ObjectStatus status = store.Stat(Authentication.CallerOf(context), DigestOf(request.Digest));
        return Task.FromResult(new StatReply { Complete = status.Complete, Received = (ulong)status.Received, Size = (ulong)status.Size });
    }

    public override async Task<PutReply> Put(IAsyncStreamReader<PutRequest> requestStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken))
        {
            throw Invalid("The upload has no first message.");
        }

        string caller = Authentication.CallerOf(context);
        PutRequest first = requestStream.Current;
        long size = Requests.Number(first.Size, HostErrors.ObjectRequestInvalid);
        long offset = Requests.Number(first.Offset, HostErrors.ObjectRequestInvalid);
        using ObjectUpload? upload = store.BeginUpload(caller, DigestOf(first.Digest), size, offset);
        if (upload is null)
        {
            return new PutReply { Complete = true, Received = first.Size };
        }

        do
        {
            ReadOnlyMemory<byte> data = requestStream.Current.Data.Memory;
            upload.Append(data.Length <= MaximumPutBytes ? data.Span : throw Invalid($"A message holds {data.Length} bytes of data."));
        }
        while (await requestStream.MoveNext(context.CancellationToken));

        bool complete = upload.TryComplete(connection => journal.ObjectStored(connection, upload.Digest, caller));
        if (complete)
        {
            changes.Pulse();
        }

        return new PutReply { Complete = complete, Received = (ulong)upload.Received };
    }

    public override async Task Get(GetRequest request, IServerStreamWriter<GetReply> responseStream, ServerCallContext context)
    {
        using StoredObject stored = store.OpenFor(Authentication.CallerOf(context), DigestOf(request.Digest));
        long offset = Requests.Number(request.Offset, HostErrors.ObjectRequestInvalid);
        if (offset > stored.Size)
        {
            throw Invalid($"The object has {stored.Size} bytes; there is no byte {offset}.");
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(GetBytes);
        try
        {
            int count;
            while ((count = await stored.ReadAsync(buffer.AsMemory(0, GetBytes), offset, context.CancellationToken)) > 0)
            {
                // The message is serialized when the write returns, so the buffer is free again.
                await responseStream.WriteAsync(new GetReply { Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, count)) }, context.CancellationToken);
                offset += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Digest DigestOf(ByteString field) => Requests.Digest(field, HostErrors.ObjectRequestInvalid);

    private static OrchestratorException Invalid(string message) => new(HostErrors.ObjectRequestInvalid, message);
}
