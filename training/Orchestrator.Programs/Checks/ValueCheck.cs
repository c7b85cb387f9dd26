using Orchestrator.Errors;
using Orchestrator.Programs.Pickles;

namespace Orchestrator.Programs.Checks;

/// <summary>
/// Compares pickled values with the types that the code declares for them. libtorch does not, and code compiled for one type
/// would read another's memory.
/// </summary>
internal sealed class ValueCheck(Declarations declarations)
{
    private readonly Dictionary<PickleValue, HashSet<ProgramType>> _checked = new(ReferenceEqualityComparer.Instance);

    /// <summary>Objects found, by class.</summary>
    public Dictionary<string, List<PickleValue.Instance>> Instances { get; } = [];

    /// <summary>Requires that a value is of a type.</summary>
    /// <param name="path">Where it is, from the root object.</param>
    /// <exception cref="OrchestratorException"><c>program-pickle-refused</c>, <c>program-too-large</c>.</exception>
    public void Check(PickleValue value, ProgramType type, string path, int depth = 0)
    {
        if (depth > ProgramLimits.MaxDepth)
        {
            throw ProgramLimits.Exceeded("values nested deeper than that", $"{ProgramLimits.MaxDepth}");
        }

        if (!Fits(value, type, path, depth))
        {
            throw new OrchestratorException(ProgramErrors.PickleRefused, $"{path} is declared as {type} and is {value.Kind}");
        }
    }

    private bool Fits(PickleValue value, ProgramType type, string path, int depth) => type.Name switch
    {
        "Any" => Fits(value, path, depth),
        "Optional" => value is PickleValue.None || Fits(value, type.Arguments[0], path, depth),
        "Union" => type.Arguments.Any(member => Fits(value, member, path, depth)),
        "number" => value is PickleValue.Int or PickleValue.Float,
        "Tensor" => value is PickleValue.Tensor,
        "int" => value is PickleValue.Int,
        "float" => value is PickleValue.Float,
        "bool" => value is PickleValue.Bool,
        "str" => value is PickleValue.Text,
        "NoneType" => value is PickleValue.None,
        "Device" => value is PickleValue.Device,
        "List" => value is PickleValue.List list && list.Tag == type.ToString() && Once(value, type, () => Items(list.Items, type.Arguments[0], path, depth)),
        "Dict" => value is PickleValue.Dict dict && dict.Tag == type.ToString() && Once(value, type, () =>
        {
            Items(dict.Items.Keys, type.Arguments[0], path, depth);
            Items(dict.Items.Values, type.Arguments[1], path, depth);
        }),
        "Tuple" => value is PickleValue.Tuple tuple && Pairwise(tuple, type.Arguments, path, depth),
        _ => declarations.ClassOf(type) is { } declared && FitsClass(value, declared, path, depth),
    };

    // What no type describes is of no use to code but through a test of its type; plain values are enough.
    private static bool Fits(PickleValue value, string path, int depth) =>
        value is PickleValue.None or PickleValue.Bool or PickleValue.Int or PickleValue.Float or PickleValue.Text or PickleValue.Tensor;

    private bool Once(PickleValue value, ProgramType type, Action check)
    {
        if (!_checked.TryGetValue(value, out var types))
        {
            _checked.Add(value, types = []);
        }

        if (types.Add(type))
        {
            check();
        }

        return true;
    }

    private void Items(IEnumerable<PickleValue> items, ProgramType type, string path, int depth)
    {
        foreach (var item in items)
        {
            Check(item, type, path, depth + 1);
        }
    }

    private bool Pairwise(PickleValue.Tuple tuple, IReadOnlyList<ProgramType> types, string path, int depth)
    {
        if (tuple.Items.Count != types.Count)
        {
            return false;
        }

        foreach (var (item, type) in tuple.Items.Zip(types))
        {
            Check(item, type, path, depth + 1);
        }

        return true;
    }

    private bool FitsClass(PickleValue value, ClassDeclaration declared, string path, int depth)
    {
        if (declared.IsNamedTuple)
        {
            return value is PickleValue.Tuple tuple && Pairwise(tuple, [.. declared.Attributes.Select(attribute => attribute.Type)], path, depth);
        }

        if (value is not PickleValue.Instance instance || !declarations.Classes.TryGetValue(instance.Class, out var own)
            || !(declared.IsInterface ? Implements(own, declared) : own == declared))
        {
            return false;
        }

        return Once(value, own.Type, () => State(instance, own, path, depth));
    }

    private static bool Implements(ClassDeclaration type, ClassDeclaration contract) => contract.Methods.Values.All(method =>
        type.Methods.TryGetValue(method.Source.Name, out var own)
        && own.Returns.Equals(method.Returns)
        && own.Parameters.Skip(1).SequenceEqual(method.Parameters.Skip(1)));

    private void State(PickleValue.Instance instance, ClassDeclaration type, string path, int depth)
    {
        if (!Instances.TryGetValue(type.Name, out var instances))
        {
            Instances.Add(type.Name, instances = []);
        }

        instances.Add(instance);
        if (instance.State is not { } state || state.Count != type.Attributes.Count)
        {
            throw new OrchestratorException(ProgramErrors.PickleRefused, $"{path} has other attributes than its class {type.Name}");
        }

        foreach (var (name, attribute) in type.Attributes)
        {
            var value = state.TryGetValue(name, out var found) ? found
                : throw new OrchestratorException(ProgramErrors.PickleRefused, $"{path} lacks {name}, an attribute of its class {type.Name}");
            Check(value, attribute, $"{path}.{name}", depth + 1);
        }
    }
}
