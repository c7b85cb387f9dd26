using System.Collections.Immutable;
using Orchestrator.Containers.Policies.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Policies;

/// <summary>Reads the members of an object, each once; what nobody asked for is refused at the end.</summary>
internal sealed class PolicyFields
{
    private readonly ObjectNode _node;
    private readonly string _what;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private PolicyFields(ObjectNode node, string what)
    {
        _node = node;
        _what = what;
    }

    /// <summary>Reads an object by <paramref name="read"/>.</summary>
    /// <param name="node">The value.</param>
    /// <param name="what">For messages, with its article.</param>
    /// <param name="read">Asks for every member that may be there.</param>
    public static T Read<T>(PolicyNode node, string what, Func<PolicyFields, T> read)
    {
        var fields = new PolicyFields(node as ObjectNode ?? throw Wrong(node, what, "an object"), what);
        T result = read(fields);
        foreach ((string name, PolicyNode value) in fields._node.Members)
        {
            if (!fields._read.Contains(name))
            {
                throw new OrchestratorException(PolicyErrors.Unsupported, $"{value.Position}: {what} has a field \"{name}\", which the engine does not enforce.");
            }
        }

        return result;
    }

    /// <summary>An array's items.</summary>
    public static ImmutableArray<T> Items<T>(PolicyNode node, string what, Func<PolicyNode, T> read) =>
        node is ArrayNode array ? [.. array.Items.Select(read)] : throw Wrong(node, what, "an array");

    /// <summary>A string.</summary>
    public static string Text(PolicyNode node, string what) => (node as StringNode)?.Value ?? throw Wrong(node, what, "a string");

    /// <summary>A truth value.</summary>
    public static bool Flag(PolicyNode node, string what) => (node as BooleanNode)?.Value ?? throw Wrong(node, what, "true or false");

    /// <summary>An integer.</summary>
    public static long Integer(PolicyNode node, string what) => (node as IntegerNode)?.Value ?? throw Wrong(node, what, "an integer");

    /// <summary>Where the object stands.</summary>
    public TextPosition Position => _node.Position;

    /// <summary>Whether there is a member.</summary>
    public bool Has(string name) => _node.Members.Any(member => member.Key == name);

    /// <summary>A member that has to be there.</summary>
    public PolicyNode Require(string name) => Find(name)
        ?? throw new OrchestratorException(PolicyErrors.Value, $"{_node.Position}: {_what} lacks the field \"{name}\".");

    /// <summary>A member that need not be there.</summary>
    public PolicyNode? Find(string name)
    {
        _read.Add(name);
        return _node.Members.FirstOrDefault(member => member.Key == name).Value;
    }

    /// <summary>Lets members be there without effect.</summary>
    public void Ignore(params IEnumerable<string> names) => _read.UnionWith(names);

    /// <summary>A string that has to be there.</summary>
    public string Text(string name) => Text(Require(name), $"\"{name}\"");

    /// <summary>A truth value that has to be there.</summary>
    public bool Flag(string name) => Flag(Require(name), $"\"{name}\"");

    /// <summary>Strings that have to be there.</summary>
    public ImmutableArray<string> Texts(string name) => Items(Require(name), $"\"{name}\"", item => Text(item, $"an item of \"{name}\""));

    /// <summary>Integers that have to be there.</summary>
    public ImmutableArray<long> Integers(string name) => Items(Require(name), $"\"{name}\"", item => Integer(item, $"an item of \"{name}\""));

    /// <summary>Objects that have to be there.</summary>
    public ImmutableArray<T> Objects<T>(string name, string what, Func<PolicyFields, T> read) =>
        Items(Require(name), $"\"{name}\"", item => Read(item, what, read));

    /// <summary>The message for a value of another kind.</summary>
    public static OrchestratorException Wrong(PolicyNode node, string what, string kind) =>
        new(PolicyErrors.Value, $"{node.Position}: {what} has to be {kind}.");
}
