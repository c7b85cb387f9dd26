namespace Orchestrator.Programs.Pickles;

/// <summary>The names that a pickle may use, and what they make.</summary>
internal sealed class PickleConstructors(PickleBytes bytes, IStorageSource storages)
{
    private const string Classes = "__torch__.";
    private const string Tensor = "torch._utils._rebuild_tensor_v2";
    private const string Hooks = "collections.OrderedDict";
    private const string Device = "torch.device";
    private const string TypeTag = "torch.jit._pickle.restore_type_tag";
    private const string Cpu = "cpu";

    private static readonly Dictionary<string, string> ListTags = new()
    {
        ["torch.jit._pickle.build_intlist"] = "List[int]",
        ["torch.jit._pickle.build_doublelist"] = "List[float]",
        ["torch.jit._pickle.build_boollist"] = "List[bool]",
        ["torch.jit._pickle.build_tensorlist"] = "List[Tensor]",
    };

    /// <summary>What a name stands for.</summary>
    public PickleValue Named(string name)
    {
        var isKnown = name is Tensor or Hooks or Device or TypeTag || ListTags.ContainsKey(name) || TensorElement.ByStorage.ContainsKey(name)
            || (name.StartsWith(Classes, StringComparison.Ordinal) && !name.StartsWith("__torch__.torch.classes.", StringComparison.Ordinal));
        return isKnown ? new PickleValue.Global(name) : throw bytes.Refused($"{name} is no name that a program may use");
    }

    /// <summary>The storage that a persistent id names: <c>("storage", class, key, "cpu", elements)</c>.</summary>
    public PickleValue Storage(PickleValue id)
    {
        if (id is not PickleValue.Tuple
            {
                Items: [PickleValue.Text { Value: "storage" }, PickleValue.Global type, PickleValue.Text key, PickleValue.Text { Value: Cpu }, PickleValue.Int length],
            }
            || !TensorElement.ByStorage.TryGetValue(type.Name, out var element))
        {
            throw bytes.Refused("a persistent id does not name a storage of the CPU");
        }

        var storage = new TensorStorage(key.Value, element, length.Value);
        return storages.Misfit(storage) is { } misfit ? throw bytes.Refused($"storage {key.Value} {misfit}") : new PickleValue.Storage(storage);
    }

    /// <summary>A new object, its attributes still to come.</summary>
    public PickleValue NewInstance(PickleValue type, PickleValue arguments) =>
        type is PickleValue.Global global && global.Name.StartsWith(Classes, StringComparison.Ordinal) && arguments is PickleValue.Tuple { Items: [] }
            ? new PickleValue.Instance(global.Name)
            : throw bytes.Refused("a new object is of no class, or is given arguments");

    /// <summary>What a constructor makes of its arguments.</summary>
    public PickleValue Call(PickleValue function, PickleValue arguments)
    {
        if (function is not PickleValue.Global { Name: var name } || arguments is not PickleValue.Tuple { Items: var items })
        {
            throw bytes.Refused("what is called is no name, or its arguments are no tuple");
        }

        return (name, items) switch
        {
            (Hooks, []) => new PickleValue.Hooks(),
            (Device, [PickleValue.Text { Value: Cpu }]) => new PickleValue.Device(),
            (Tensor, [PickleValue.Storage storage, PickleValue.Int offset, PickleValue.Tuple shape, PickleValue.Tuple strides, PickleValue.Bool gradient, PickleValue.Hooks]) =>
                Rebuild(storage.Content, offset.Value, Numbers(shape), Numbers(strides), gradient.Value),
            (TypeTag, [PickleValue.Container container, PickleValue.Text tag]) => Tagged(container, tag.Value),
            (_, [PickleValue.List list]) when ListTags.TryGetValue(name, out var tag) => Tagged(list, tag),
            _ => throw bytes.Refused($"{name} is called with arguments that it does not take"),
        };
    }

    private PickleValue.Container Tagged(PickleValue.Container container, string tag)
    {
        if (container.Tag is not null && container.Tag != tag)
        {
            throw bytes.Refused($"a {container.Tag} is said to be a {tag} as well");
        }

        container.Tag = tag;
        return container;
    }

    private PickleValue.Tensor Rebuild(TensorStorage storage, long offset, IReadOnlyList<long> shape, IReadOnlyList<long> strides, bool gradient) =>
        TensorRecord.Misfit(storage, offset, shape, strides) is { } misfit
            ? throw bytes.Refused($"a tensor {misfit}")
            : new PickleValue.Tensor(new TensorRecord(storage.Element, shape, gradient));

    private long[] Numbers(PickleValue.Tuple tuple) =>
        [.. tuple.Items.Select(item => item is PickleValue.Int number ? number.Value : throw bytes.Refused("a tensor's size or stride is no number"))];
}
