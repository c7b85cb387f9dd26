using TorchSharp.Native;

namespace TorchSharp.Modules;

/// <summary>What an optimiser remembers of one parameter.</summary>
public abstract class OptimizerState
{
    private protected OptimizerState()
    {
    }

    /// <summary>The count of steps and the tensors, in the order of the native binding.</summary>
    internal abstract (long Step, torch.Tensor? First, torch.Tensor? Second, torch.Tensor? Third) Parts { get; set; }
}

/// <summary>An optimiser whose memory can be read and set.</summary>
public abstract class OptimizerHelper : torch.optim.Optimizer
{
    private List<OptimizerState>? _states;

    private protected OptimizerHelper(IEnumerable<Parameter> parameters, Factory factory)
        : base(parameters, factory)
    {
    }

    /// <summary>What it remembers of every parameter. The tensors are those that it works on, and belong to it.</summary>
    public virtual StateDictionary state_dict()
    {
        _states ??= [.. Enumerable.Range(0, Count).Select(_ => NewState())];
        for (var index = 0; index < Count; index++)
        {
            Read(index, _states[index]);
        }

        return new StateDictionary([.. _states]);
    }

    /// <summary>Goes on from what <see cref="state_dict"/> gave and the caller changed.</summary>
    /// <exception cref="ArgumentException">It is not for as many parameters.</exception>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        ArgumentNullException.ThrowIfNull(state_dict);
        if (state_dict.State.Count != Count)
        {
            throw new ArgumentException("Invalid optimizer state -- different number of states.");
        }

        for (var index = 0; index < Count; index++)
        {
            var (step, first, second, third) = state_dict.State[index].Parts;
            Binding.Check(Binding.tb_optimizer_set_state(NativeHandle, index, step, Handle(first), Handle(second), Handle(third)));
        }
    }

    private protected abstract OptimizerState NewState();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _states?.ForEach(state => ((IDisposable)state).Dispose());
        }

        base.Dispose(disposing);
    }

    private void Read(int index, OptimizerState state)
    {
        Binding.Check(Binding.tb_optimizer_get_state(NativeHandle, index, out var step, out var first, out var second, out var third));
        var known = state.Parts;
        state.Parts = (step, Keep(known.First, first), Keep(known.Second, second), Keep(known.Third, third));
    }

    /// <summary>The tensor that is known already, as optimisers work in place; otherwise one more reference, or null.</summary>
    private static torch.Tensor? Keep(torch.Tensor? known, TensorHandle handle)
    {
        if (handle.IsInvalid)
        {
            return known;
        }

        var tensor = new torch.Tensor(handle).DetachFromDisposeScope();
        if (known is null)
        {
            return tensor;
        }

        tensor.Dispose();
        return known;
    }

    private static TensorHandle Handle(torch.Tensor? tensor) => tensor?.Alive ?? TensorHandle.None;
}
