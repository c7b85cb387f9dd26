using System.Collections.Concurrent;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Channel;

/// <summary>Answers a request: the operation, its body; what it throws is the answer, too.</summary>
public delegate Task<CborValue> ChannelHandler(string operation, CborField body, CancellationToken cancel);

/// <summary>The guest's end of a channel: hands every request to a handler, several at a time. What order they take effect in is the handler's to say.</summary>
public static class ChannelServer
{
    /// <summary>Requests under way at most.</summary>
    public const int MaxRequests = 256;

    // What hangs must not keep the group alive after its host.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>Serves until the host hangs up or <paramref name="cancel"/> is signalled; requests that are under way then are abandoned.</summary>
    /// <exception cref="OrchestratorException"><see cref="ChannelErrors.Malformed"/>: what came is no request, and nothing after it can be trusted to be one.</exception>
    public static async Task ServeAsync(Stream stream, ChannelHandler handler, CancellationToken cancel = default)
    {
        using var frames = new FrameStream(stream);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var underWay = new ConcurrentDictionary<Task, bool>();
        try
        {
            while (await frames.ReadAsync(end.Token).ConfigureAwait(false) is { } message)
            {
                Request request = Request.Read(message);
                Task answering = underWay.Count < MaxRequests
                    ? Task.Run(() => AnswerAsync(frames, request, handler, end.Token), CancellationToken.None)
                    : SendAsync(frames, Failed(request, new OrchestratorException(ChannelErrors.Busy, $"{MaxRequests} requests are under way.")), request.Id, end.Token);
                underWay[answering] = true;
                _ = answering.ContinueWith(done => underWay.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is (IOException and not FileNotFoundException) or OperationCanceledException)
        {
            // The host hung up, which is the group's end. An assembly that is not there is no such thing.
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(underWay.Keys).WaitAsync(s_patience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task AnswerAsync(FrameStream frames, Request request, ChannelHandler handler, CancellationToken cancel)
    {
        CborMap answer;
        try
        {
            CborValue result = await handler(request.Operation, request.Body, cancel).ConfigureAwait(false);
            answer = CborMap.Of(("id", request.Id), ("result", result));
        }
        catch (OrchestratorException e)
        {
            answer = Failed(request, e);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The type alone: a message could quote what the guest keeps to itself.
            answer = Failed(request, new OrchestratorException(ChannelErrors.Internal, $"{request.Operation} failed with {e.GetType().Name}.", inner: e));
        }

        await SendAsync(frames, answer, request.Id, cancel).ConfigureAwait(false);
    }

    private static async Task SendAsync(FrameStream frames, CborMap answer, long id, CancellationToken cancel)
    {
        try
        {
            await frames.WriteAsync(answer, cancel).ConfigureAwait(false);
        }
        catch (OrchestratorException e)
        {
            await SendAsync(frames, CborMap.Of(("id", id), ("error", ChannelFailure.ToCbor(e))), id, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The reader of requests notices that the host is gone.
        }
    }

    private static CborMap Failed(Request request, OrchestratorException failure) => CborMap.Of(("id", request.Id), ("error", ChannelFailure.ToCbor(failure)));

    private sealed record Request(long Id, string Operation, CborField Body)
    {
        public static Request Read(CborValue message)
        {
            try
            {
                return message.As("request").ReadMap(map => new Request(map.Required("id").AsInt64(min: 1), map.Required("op").AsText(64), map.Required("body")));
            }
            catch (OrchestratorException e)
            {
                throw new OrchestratorException(ChannelErrors.Malformed, $"A request cannot be read: {e.Message}", inner: e);
            }
        }
    }
}
