namespace Orchestrator.Programs.Pickles;

/// <summary>A value of a pickle, as far as TorchScript has such values.</summary>
internal abstract record PickleValue
{
    /// <summary>What kind of value it is, for messages.</summary>
    public abstract string Kind { get; }

    public sealed record None : PickleValue
    {
        public override string Kind => "None";
    }

    public sealed record Bool(bool Value) : PickleValue
    {
        public override string Kind => "bool";
    }

    public sealed record Int(long Value) : PickleValue
    {
        public override string Kind => "int";
    }

    public sealed record Float(double Value) : PickleValue
    {
        public override string Kind => "float";
    }

    public sealed record Text(string Value) : PickleValue
    {
        public override string Kind => "str";
    }

    /// <summary>The processor: <c>torch.device("cpu")</c>.</summary>
    public sealed record Device : PickleValue
    {
        public override string Kind => "Device";
    }

    public sealed record Tuple(IReadOnlyList<PickleValue> Items) : PickleValue
    {
        public override string Kind => "tuple";
    }

    /// <summary>A list or dictionary; its type is told once, by a call around it, after it was filled.</summary>
    public abstract record Container : PickleValue
    {
        /// <summary>The type as the pickle spells it, or null while it is not told.</summary>
        public string? Tag { get; set; }

        public override string Kind => Tag ?? "container without a type";
    }

    public sealed record List(List<PickleValue> Items) : Container;

    public sealed record Dict(Dictionary<PickleValue, PickleValue> Items) : Container;

    /// <summary>A tensor's place in a storage, checked to lie in it.</summary>
    public sealed record Tensor(TensorRecord Record) : PickleValue
    {
        public override string Kind => "Tensor";
    }

    /// <summary>An instance of a class of the archive; null state is one still to be built.</summary>
    public sealed record Instance(string Class) : PickleValue
    {
        public IReadOnlyDictionary<string, PickleValue>? State { get; set; }

        public override string Kind => Class;
    }

    // What only appears on the way to the values above; as data it fits no type.

    public sealed record Global(string Name) : PickleValue
    {
        public override string Kind => $"the name {Name}";
    }

    public sealed record Storage(TensorStorage Content) : PickleValue
    {
        public override string Kind => "storage";
    }

    public sealed record Hooks : PickleValue
    {
        public override string Kind => "OrderedDict";
    }
}
