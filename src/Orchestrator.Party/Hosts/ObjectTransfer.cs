using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// Moves sealed files to and from a host. A transfer that breaks goes on where the host's (or this side's) copy ends; it
/// gives up after several attempts in a row that moved nothing.
/// </summary>
internal sealed class ObjectTransfer(HostLink link, TimeProvider time)
{
    private const int ChunkBytes = 512 << 10;

    /// <summary>Uploads a file, unless the host has it already.</summary>
    public async Task PushAsync(string path, StreamCard card, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        await using FileStream file = LocalFile.OpenRead(path);
        var meter = new ProgressMeter("push", card.Layout.TotalLength, progress, time);
        var patience = new Patience(time);
        long received = -1;
        while (true)
        {
            try
            {
                StatReply stat = await link.CallAsync(
                    headers => link.Objects.StatAsync(new StatRequest { Digest = Bytes(card.Digest) }, headers, cancellationToken: cancel).ResponseAsync, cancel);
                if (stat.Complete)
                {
                    return;
                }

                if (received < 0)
                {
                    meter.Skip((long)stat.Received);
                }

                patience.Note((long)stat.Received > received);
                received = (long)stat.Received;
                await PutAsync(file, card, received, meter, cancel);
                return;
            }
            catch (OrchestratorException e) when (Patience.IsPassing(e))
            {
                await patience.WaitAsync(link.Explain(e), cancel);
            }
        }
    }

    /// <summary>Downloads a file, and throws unless it is whole and has the digest asked for.</summary>
    /// <param name="digest">What is asked for.</param>
    /// <param name="output">Where it goes; after an exception it may hold anything.</param>
    /// <param name="maximum">Bytes that are taken at most, whatever the host announces or sends: its word fills no disk.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task PullAsync(Digest digest, Stream output, long maximum, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        using var digester = new StreamDigester();
        StatReply stat = await link.CallAsync(
            headers => link.Objects.StatAsync(new StatRequest { Digest = Bytes(digest) }, headers, cancellationToken: cancel).ResponseAsync, cancel);
        maximum = !stat.Complete ? maximum : stat.Size <= (ulong)maximum ? (long)stat.Size : throw TooLarge(stat.Size, maximum);
        var meter = new ProgressMeter("pull", stat.Complete ? maximum : null, progress, time);
        var patience = new Patience(time);
        while (true)
        {
            long before = digester.Length;
            try
            {
                await GetAsync(digest, output, maximum, digester, meter, cancel);
                break;
            }
            catch (OrchestratorException e) when (Patience.IsPassing(e))
            {
                patience.Note(digester.Length > before);
                await patience.WaitAsync(link.Explain(e), cancel);
            }
        }

        if (digester.Finish().Digest != digest)
        {
            throw new OrchestratorException(StreamErrors.DigestMismatch, $"The host sent another object than {digest}.");
        }
    }

    private async Task PutAsync(FileStream file, StreamCard card, long offset, ProgressMeter meter, CancellationToken cancel)
    {
        Metadata headers = await link.AuthorizeAsync(cancel);
        using AsyncClientStreamingCall<PutRequest, PutReply> call = link.Objects.Put(headers, cancellationToken: cancel);
        file.Position = offset;
        byte[] buffer = new byte[ChunkBytes];
        var request = new PutRequest { Digest = Bytes(card.Digest), Size = (ulong)card.Layout.TotalLength, Offset = (ulong)offset };
        try
        {
            int read;
            while ((read = await file.ReadAsync(buffer, cancel)) > 0)
            {
                // The message is serialised before WriteAsync returns, so that the buffer is free again afterwards.
                request.Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read));
                await call.RequestStream.WriteAsync(request, cancel);
                meter.Add(read);
                request = new PutRequest();
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (OrchestratorException) when (call.ResponseAsync.IsFaulted)
        {
            // A host that refuses ends the call; why, only the response says.
        }

        PutReply reply = await call.ResponseAsync;
        if (!reply.Complete)
        {
            throw new OrchestratorException(ConnectionErrors.TransferIncomplete, $"The host has {reply.Received} of {card.Layout.TotalLength} bytes.");
        }
    }

    private async Task GetAsync(Digest digest, Stream output, long maximum, StreamDigester digester, ProgressMeter meter, CancellationToken cancel)
    {
        Metadata headers = await link.AuthorizeAsync(cancel);
        var request = new GetRequest { Digest = Bytes(digest), Offset = (ulong)digester.Length };
        using AsyncServerStreamingCall<GetReply> call = link.Objects.Get(request, headers, cancellationToken: cancel);
        while (await call.ResponseStream.MoveNext(cancel))
        {
            ReadOnlyMemory<byte> data = call.ResponseStream.Current.Data.Memory;
            if (data.Length > maximum - digester.Length)
            {
                throw TooLarge((ulong)(digester.Length + data.Length), maximum);
            }

            await output.WriteAsync(data, cancel);
            digester.Append(data.Span);
            meter.Add(data.Length);
        }
    }

    private static OrchestratorException TooLarge(ulong size, long maximum) =>
        new(ConnectionErrors.DownloadTooLarge, $"The host sends {size} bytes or more where at most {maximum} are taken.");

    private static ByteString Bytes(Digest digest) => ByteString.CopyFrom(digest.ToArray());
}
