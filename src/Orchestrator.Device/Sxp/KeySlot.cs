namespace Orchestrator.Device.Sxp;

/// <summary>
/// A key register and its contexts. Reads that share a slot take turns in the order in which they asked: the tiles take frames in that
/// order too, so that no read waits for a context that a later one holds.
/// </summary>
internal sealed class KeySlot : IDisposable
{
    private readonly ReadContext[] _contexts;
    private readonly List<ReadContext> _free;
    private readonly Queue<TaskCompletionSource<ReadContext>> _waiting = new();

    public KeySlot(int contexts)
    {
        _contexts = [.. Enumerable.Range(0, contexts).Select(_ => new ReadContext(this))];
        _free = [.. _contexts];
    }

    /// <summary>Waits for a free context, by preference one that holds the stream's key already. To cancel a wait is to end the run.</summary>
    public Task<ReadContext> TakeAsync(int stream, CancellationToken cancellation)
    {
        lock (_free)
        {
            if (_free.Count > 0)
            {
                int index = Math.Max(_free.FindIndex(context => context.Stream == stream), 0);
                ReadContext taken = _free[index];
                _free.RemoveAt(index);
                return Task.FromResult(taken);
            }

            var turn = new TaskCompletionSource<ReadContext>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
            return turn.Task.WaitAsync(cancellation);
        }
    }

    public void Return(ReadContext context)
    {
        lock (_free)
        {
            if (_waiting.TryDequeue(out TaskCompletionSource<ReadContext>? turn))
            {
                turn.SetResult(context);
            }
            else
            {
                _free.Add(context);
            }
        }
    }

    public void Dispose() => Array.ForEach(_contexts, context => context.Dispose());
}
