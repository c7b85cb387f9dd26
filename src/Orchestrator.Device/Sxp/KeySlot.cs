namespace Orchestrator.Device.Sxp;

/// <summary>A key register and its contexts. Streams that share a slot take turns.</summary>
internal sealed class KeySlot : IDisposable
{
    private readonly SemaphoreSlim _free;
    private readonly List<ReadContext> _contexts;

    public KeySlot(int contexts)
    {
        _free = new SemaphoreSlim(contexts);
        _contexts = [.. Enumerable.Range(0, contexts).Select(_ => new ReadContext(this))];
    }

    /// <summary>Waits for a free context, by preference one that holds the stream's key already.</summary>
    public async ValueTask<ReadContext> TakeAsync(int stream, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation).ConfigureAwait(false);
        lock (_contexts)
        {
            int index = Math.Max(_contexts.FindIndex(context => context.Stream == stream), 0);
            ReadContext taken = _contexts[index];
            _contexts.RemoveAt(index);
            return taken;
        }
    }

    public void Return(ReadContext context)
    {
        lock (_contexts)
        {
            _contexts.Add(context);
        }

        _free.Release();
    }

    public void Dispose()
    {
        lock (_contexts)
        {
            _contexts.ForEach(context => context.Dispose());
        }

        _free.Dispose();
    }
}
