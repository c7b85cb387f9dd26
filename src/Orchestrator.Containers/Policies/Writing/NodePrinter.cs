using System.Globalization;
using System.Text;
using Orchestrator.Containers.Policies.Text;

namespace Orchestrator.Containers.Policies.Writing;

/// <summary>Prints values as the generators do (docs/spec/execution-policy.md, "Shapes").</summary>
internal static class NodePrinter
{
    /// <summary>On one line, members in the value's order.</summary>
    /// <param name="value">The value.</param>
    /// <param name="colon">Between name and value.</param>
    /// <param name="comma">Between members.</param>
    public static string Line(PolicyNode value, string colon, string comma) => value switch
    {
        ArrayNode array => $"[{string.Join(',', array.Items.Select(item => Line(item, colon, comma)))}]",
        ObjectNode node => $"{{{string.Join(comma, node.Members.Select(member => Quote(member.Key) + colon + Line(member.Value, colon, comma)))}}}",
        _ => Scalar(value),
    };

    /// <summary>Over lines, indented by two for each level; what is empty stays on its line.</summary>
    public static string Indented(PolicyNode value, string indent = "")
    {
        string inner = indent + "  ";
        return value switch
        {
            ArrayNode { Items: [_, ..] } array => Block('[', array.Items.Select(item => Indented(item, inner)), ']', indent),
            ObjectNode { Members: [_, ..] } node => Block('{', node.Members.Select(member => $"{Quote(member.Key)}: {Indented(member.Value, inner)}"), '}', indent),
            _ => Line(value, ": ", ", "),
        };
    }

    /// <summary>The same value with the members of every object in the order of their names.</summary>
    public static PolicyNode Sorted(PolicyNode value) => value switch
    {
        ArrayNode array => array with { Items = [.. array.Items.Select(Sorted)] },
        ObjectNode node => node with { Members = [.. node.Members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))] },
        _ => value,
    };

    /// <summary>A string of JSON, in ASCII.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' or > '~' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    private static string Block(char open, IEnumerable<string> items, char close, string indent) =>
        $"{open}\n{string.Join(",\n", items.Select(item => indent + "  " + item))}\n{indent}{close}";

    private static string Scalar(PolicyNode value) => value switch
    {
        StringNode text => Quote(text.Value),
        IntegerNode number => number.Value.ToString(CultureInfo.InvariantCulture),
        BooleanNode flag => flag.Value ? "true" : "false",
        ReferenceNode reference => reference.Path,
        ParameterNode parameter => $"parameter({Quote(parameter.Name)}){string.Concat(parameter.Fields.Select(field => "." + field))}",
        _ => "null",
    };
}
