namespace Orchestrator.Programs.Checks;

/// <summary>A type of TorchScript, or of a name that stands for a function. Types are the same when their texts are.</summary>
internal sealed class ProgramType : IEquatable<ProgramType>
{
    public static readonly ProgramType Tensor = new("Tensor");
    public static readonly ProgramType Int = new("int");
    public static readonly ProgramType Float = new("float");
    public static readonly ProgramType Bool = new("bool");
    public static readonly ProgramType Str = new("str");
    public static readonly ProgramType None = new("NoneType");
    public static readonly ProgramType Device = new("Device");

    /// <summary>Types without arguments that every program has.</summary>
    public static readonly IReadOnlySet<string> Plain =
        new HashSet<string> { "Tensor", "int", "float", "bool", "str", "complex", "number", "NoneType", "Device", "Any" };

    /// <summary>Types with arguments, and how many; 0 is any number.</summary>
    public static readonly IReadOnlyDictionary<string, int> Generic =
        new Dictionary<string, int> { ["List"] = 1, ["Optional"] = 1, ["Dict"] = 2, ["Tuple"] = 0, ["Union"] = 0 };

    private readonly string _text;

    public ProgramType(string name, IReadOnlyList<ProgramType>? arguments = null)
    {
        Name = name;
        Arguments = arguments ?? [];
        _text = Arguments.Count == 0 ? name : $"{name}[{string.Join(", ", Arguments)}]";
    }

    public string Name { get; }

    public IReadOnlyList<ProgramType> Arguments { get; }

    public static ProgramType List(ProgramType item) => new("List", [item]);

    /// <summary>The type of a name that stands for a function of the archive.</summary>
    public static ProgramType Function(string name) => new("function", [new ProgramType(name)]);

    public bool IsClass => Name.StartsWith(Declarations.Root, StringComparison.Ordinal);

    /// <summary>
    /// Whether libtorch, whenever it uses a value as one of this type, looks at the value first. It does not count a tuple's items
    /// nor compare an object's class: there the type alone decides which memory is read.
    /// </summary>
    public bool IsCheckedInUse => Name switch
    {
        "Tensor" or "int" or "float" or "bool" or "str" or "complex" or "number" or "NoneType" or "Device" => true,
        "List" or "Optional" or "Dict" => Arguments.All(argument => argument.IsCheckedInUse),
        _ => false,
    };

    public bool Equals(ProgramType? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as ProgramType);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _text;
}
