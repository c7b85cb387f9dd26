using System.Collections.Concurrent;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Channel;

/// <summary>The host's end of a channel to a guest (docs/spec/guest-channel.md): asks, and gets answers in whatever order they come. Safe for concurrent use.</summary>
public sealed class GuestChannel : IAsyncDisposable
{
    // A machine that has hung up needs a moment to end, and more than that where it is emulated and everybody is busy.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly FrameStream _frames;
    private readonly Task<OrchestratorException>? _reason;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<CborField>> _asked = new();
    private readonly CancellationTokenSource _end = new();
    private long _lastId;
    private OrchestratorException? _ending;
    private bool _isDisposed;

    /// <summary>Takes over any duplex byte stream.</summary>
    /// <param name="stream">To the guest.</param>
    /// <param name="reason">Why the guest ended, once somebody knows: what requests fail with that it leaves unanswered. Null: nobody will know.</param>
    public GuestChannel(Stream stream, Task<OrchestratorException>? reason = null)
    {
        _frames = new FrameStream(stream);
        _reason = reason;
        Closed = ListenAsync();
    }

    /// <summary>Completes when the guest has hung up.</summary>
    public Task Closed { get; }

    /// <summary>Asks for one thing.</summary>
    /// <param name="operation">As the specification names it.</param>
    /// <param name="body">What belongs to it.</param>
    /// <param name="cancel">Waits no longer; the guest may still do it.</param>
    /// <exception cref="OrchestratorException">The guest's failure; or <see cref="ChannelErrors.Closed"/>.</exception>
    public async Task<CborField> AskAsync(string operation, CborMap body, CancellationToken cancel = default)
    {
        long id = Interlocked.Increment(ref _lastId);
        var answer = new TaskCompletionSource<CborField>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = answer;
        try
        {
            await _frames.WriteAsync(CborMap.Of(("id", id), ("op", operation), ("body", body)), cancel).ConfigureAwait(false);
            await Task.WhenAny(answer.Task, Closed).WaitAsync(cancel).ConfigureAwait(false);
            return answer.Task.IsCompleted ? await answer.Task.ConfigureAwait(false) : throw _ending ?? Gone(null);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw await WhyAsync(e).ConfigureAwait(false);
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!Interlocked.Exchange(ref _isDisposed, true))
        {
            await _end.CancelAsync().ConfigureAwait(false);
            _frames.Dispose();
            await Closed.ConfigureAwait(false);
            _end.Dispose();
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            while (await _frames.ReadAsync(_end.Token).ConfigureAwait(false) is { } message)
            {
                Take(message.As("answer"));
            }

            _ending = await WhyAsync(null).ConfigureAwait(false);
        }
        catch (OrchestratorException e)
        {
            _ending = e;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            _ending = await WhyAsync(e).ConfigureAwait(false);
        }

        foreach (TaskCompletionSource<CborField> waiting in _asked.Values)
        {
            waiting.TrySetException(_ending);
        }
    }

    private void Take(CborField answer) => answer.ReadMap(map =>
    {
        _asked.TryGetValue(map.Required("id").AsInt64(min: 1), out TaskCompletionSource<CborField>? asked);
        if (map.Optional("error") is { } error)
        {
            asked?.TrySetException(ChannelFailure.FromCbor(error));
        }
        else
        {
            asked?.TrySetResult(map.Required("result"));
        }

        return true;
    });

    // Whoever disposes of the channel has no need to be told.
    private async Task<OrchestratorException> WhyAsync(Exception? cause)
    {
        if (_reason is not null && !_end.IsCancellationRequested)
        {
            await ((Task)_reason).WaitAsync(s_patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return _reason is { IsCompletedSuccessfully: true } ? await _reason.ConfigureAwait(false) : Gone(cause);
    }

    private static OrchestratorException Gone(Exception? cause) => new(ChannelErrors.Closed, "The guest has hung up.", inner: cause);
}
