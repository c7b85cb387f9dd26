namespace TorchSharp;

/// <summary>Owns what one thread makes between <see cref="torch.NewDisposeScope"/> and its own end. Scopes nest.</summary>
public sealed class DisposeScope : IDisposable
{
    private readonly HashSet<IDisposable> _owned = new(ReferenceEqualityComparer.Instance);
    private readonly DisposeScopeManager _manager;

    internal DisposeScope(DisposeScopeManager manager, DisposeScope? outer)
    {
        _manager = manager;
        OuterScope = outer;
    }

    /// <summary>How many things the scope would dispose now.</summary>
    public int DisposablesCount => _owned.Count;

    internal DisposeScope? OuterScope { get; }

    /// <summary>Gives the scope one more thing to dispose.</summary>
    public T Include<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }

    /// <summary>Hands something over to the outer scope, or to nobody.</summary>
    public T MoveToOuter<T>(T disposable)
        where T : IDisposable
    {
        if (_owned.Remove(disposable))
        {
            OuterScope?.Include(disposable);
            SetOwner(disposable, OuterScope);
        }

        return disposable;
    }

    /// <summary>Takes something out of all scopes.</summary>
    public T Detach<T>(T disposable)
        where T : IDisposable
    {
        if (_owned.Remove(disposable))
        {
            SetOwner(disposable, null);
        }

        return disposable;
    }

    /// <summary>Forgets something that was disposed by other means.</summary>
    public void MarkAsDisposed(IDisposable disposable) => _owned.Remove(disposable);

    /// <summary>Disposes all that the scope owns and makes the outer scope current again.</summary>
    public void Dispose()
    {
        foreach (var disposable in _owned)
        {
            SetOwner(disposable, null);
            disposable.Dispose();
        }

        _owned.Clear();
        _manager.Remove(this);
    }

    private static void SetOwner(IDisposable disposable, DisposeScope? owner)
    {
        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = owner;
        }
    }
}

/// <summary>The scopes of one thread.</summary>
public sealed class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScopeManager? t_manager;

    private DisposeScope? _current;

    private DisposeScopeManager()
    {
    }

    internal static DisposeScope NewDisposeScope()
    {
        var manager = t_manager ??= new DisposeScopeManager();
        manager._current = new DisposeScope(manager, manager._current);
        return manager._current;
    }

    internal static DisposeScope? RegisterOnCurrentDisposeScope(torch.Tensor tensor)
    {
        var current = t_manager?._current;
        current?.Include(tensor);
        return current;
    }

    internal void Remove(DisposeScope scope)
    {
        if (_current == scope)
        {
            _current = scope.OuterScope;
        }
    }
}
