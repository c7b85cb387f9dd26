using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Objects;

namespace Orchestrator.Host.Stages;

/// <summary>Carries a stage's sealed inputs to its group, and takes what the group made. The host can read none of it.</summary>
internal sealed class StageIntake(ObjectStore store, long maximumBytes)
{
    private const int PieceBytes = 256 << 10;

    /// <summary>Carries everything, both ways.</summary>
    /// <returns>The statement, and the object of each stream.</returns>
    /// <exception cref="OrchestratorException">The group's failure, the shim is gone, or an object cannot be stored.</exception>
    public async Task<(ByteString Statement, Dictionary<int, Digest> Streams)> RunAsync(Groups.GroupsClient shim, string group, ManifestStage stage, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using AsyncDuplexStreamingCall<PrepareRequest, PrepareReply> call = shim.Prepare(cancellationToken: ended.Token);
        Task sending = SendAsync(call.RequestStream, group, stage, ended);
        try
        {
            return await ReceiveAsync(call.ResponseStream, stage, ended.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Sending failed and ended the call; its failure is the reason.
            await sending;
            throw;
        }
        finally
        {
            await ended.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(IClientStreamWriter<PrepareRequest> requests, string group, ManifestStage stage, CancellationTokenSource ended)
    {
        try
        {
            await requests.WriteAsync(new PrepareRequest { Group = group }, ended.Token);
            byte[] buffer = new byte[PieceBytes];
            foreach (StageInput input in stage.Inputs)
            {
                using StoredObject stored = store.Open(input.Digest);
                for (long offset = 0; offset < stored.Size;)
                {
                    int count = await stored.ReadAsync(buffer, offset, ended.Token);
                    await requests.WriteAsync(new PrepareRequest { Input = input.Name, Data = ByteString.CopyFrom(buffer, 0, count) }, ended.Token);
                    offset += count;
                }

                await requests.WriteAsync(new PrepareRequest { Input = input.Name }, ended.Token);
            }

            await requests.CompleteAsync();
        }
        catch (Exception)
        {
            await ended.CancelAsync();
            throw;
        }
    }

    private async Task<(ByteString Statement, Dictionary<int, Digest> Streams)> ReceiveAsync(IAsyncStreamReader<PrepareReply> replies, ManifestStage stage, CancellationToken cancellationToken)
    {
        ByteString? statement = null;
        var streams = new Dictionary<int, Digest>();
        var open = new Dictionary<int, ObjectWriter>();
        try
        {
            while (await replies.MoveNext(cancellationToken))
            {
                if (replies.Current.ReplyCase == PrepareReply.ReplyOneofCase.Statement && statement is null)
                {
                    statement = replies.Current.Statement;
                }
                else if (replies.Current.Piece is { } piece && stage.Outputs.Any(output => output.Stream == piece.Stream) && !streams.ContainsKey((int)piece.Stream))
                {
                    Write(piece, open, streams);
                }
                else
                {
                    throw new OrchestratorException(HostErrors.ShimProtocol, "The shim sent something that the stage does not make.");
                }
            }
        }
        finally
        {
            foreach (ObjectWriter writer in open.Values)
            {
                writer.Discard();
            }
        }

        return statement is not null && streams.Count == stage.Outputs.Length
            ? (statement, streams)
            : throw new OrchestratorException(HostErrors.ShimProtocol, $"The shim ended stage {stage.Name} without its statement and all of its streams.");
    }

    private void Write(PreparedPiece piece, Dictionary<int, ObjectWriter> open, Dictionary<int, Digest> streams)
    {
        int stream = (int)piece.Stream;
        if (!open.TryGetValue(stream, out ObjectWriter? writer))
        {
            open.Add(stream, writer = store.BeginOutput($"of stream {stream}"));
        }

        if (piece.Data.Length > maximumBytes - writer.Received)
        {
            throw new OrchestratorException(HostErrors.ShimProtocol, $"Stream {stream} has more bytes than an object may have.");
        }

        writer.Append(piece.Data.Span);
        if (piece.Last)
        {
            Digest digest = writer.Finish();
            store.Place(writer, digest);
            open.Remove(stream);
            streams.Add(stream, digest);
        }
    }
}
