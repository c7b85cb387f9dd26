using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Sdk.Snp;

/// <summary>
/// Finds what a file may hold as other tools write it: the bytes themselves, in hexadecimal, in base64 or base64url, or as a text in JSON;
/// also one within another, as platforms hand their evidence into containers.
/// </summary>
internal static class Wrapping
{
    private const int MaxDepth = 4;
    private const int MaxLayers = 64;

    /// <summary>The file, then everything found in it; at most 64 pieces.</summary>
    public static IReadOnlyList<byte[]> Unwrap(byte[] file)
    {
        var found = new List<byte[]>();
        Add(file, 0, found);
        return found;
    }

    private static void Add(byte[] bytes, int depth, List<byte[]> found)
    {
        if (found.Count == MaxLayers)
        {
            return;
        }

        found.Add(bytes);
        if (depth < MaxDepth && Ascii.IsValid(bytes))
        {
            foreach (byte[] inner in Decode(Encoding.ASCII.GetString(bytes).Trim()))
            {
                Add(inner, depth + 1, found);
            }
        }
    }

    private static IEnumerable<byte[]> Decode(string text)
    {
        if (text.StartsWith('{') || text.StartsWith('['))
        {
            return TextsOf(text).Select(Encoding.UTF8.GetBytes);
        }

        string compact = string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
        if (compact.Length == 0 || text.Contains("-----", StringComparison.Ordinal))
        {
            return [];
        }

        if (compact.Length % 2 == 0 && compact.All(char.IsAsciiHexDigit))
        {
            return [Convert.FromHexString(compact)];
        }

        string standard = compact.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        string padded = standard.PadRight((standard.Length + 3) / 4 * 4, '=');
        return Base64.IsValid(padded) ? [Convert.FromBase64String(padded)] : [];
    }

    private static List<string> TextsOf(string json)
    {
        var texts = new List<string>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            Collect(document.RootElement, texts);
        }
        catch (JsonException)
        {
            // Not JSON after all: then there is nothing in it.
        }

        return texts;
    }

    private static void Collect(JsonElement element, List<string> texts)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                texts.Add(element.GetString()!);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    Collect(property.Value, texts);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Collect(item, texts);
                }

                break;
        }
    }
}
