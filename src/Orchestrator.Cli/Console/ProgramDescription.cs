using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Cli;

/// <summary>Prints a program's description for people: its names and values indented, code as it is.</summary>
internal static class ProgramDescription
{
    public static string ToText(JsonElement description)
    {
        var text = new StringBuilder();
        Append(text, description, 0);
        return text.ToString().TrimEnd();
    }

    private static void Append(StringBuilder text, JsonElement value, int depth)
    {
        string indent = new(' ', 2 * depth);
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    AppendNamed(text, property.Name, property.Value, depth);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    text.AppendLine(CultureInfo.InvariantCulture, $"{indent}{Inline(item)}");
                }

                break;
            default:
                foreach (string line in value.ToString().TrimEnd('\n').Split('\n'))
                {
                    text.AppendLine(CultureInfo.InvariantCulture, $"{indent}{line}");
                }

                break;
        }
    }

    private static void AppendNamed(StringBuilder text, string name, JsonElement value, int depth)
    {
        string indent = new(' ', 2 * depth);
        if (value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        bool isBlock = value.ValueKind is JsonValueKind.Object or JsonValueKind.Array || value.ToString().Contains('\n', StringComparison.Ordinal);
        text.AppendLine(CultureInfo.InvariantCulture, $"{indent}{name}:{(isBlock ? "" : $" {Inline(value)}")}");
        if (isBlock)
        {
            Append(text, value, depth + 1);
        }
    }

    private static string Inline(JsonElement item) => item.ValueKind switch
    {
        JsonValueKind.Object => string.Join("  ", item.EnumerateObject().Select(property => $"{property.Name} {Inline(property.Value)}")),
        JsonValueKind.Array => $"[{string.Join(", ", item.EnumerateArray().Select(Inline))}]",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        _ => item.ToString(),
    };
}
