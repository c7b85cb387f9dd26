using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Documents;

/// <summary>
/// The same objects for people and scripts: texts, numbers, truth values, arrays and maps with text keys, as JSON. A number with a point
/// or an exponent is a float, any other an integer. Byte strings have no JSON form here.
/// </summary>
public static class CborJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Reads a JSON text.</summary>
    /// <exception cref="OrchestratorException"><see cref="DataErrors.Format"/>.</exception>
    public static CborValue Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return From(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new OrchestratorException(DataErrors.Format, $"The document is not JSON: {e.Message}", inner: e);
        }
    }

    /// <summary>The JSON form of a value.</summary>
    /// <exception cref="ArgumentException">It holds a byte string, a tag or a map with a key that is no text.</exception>
    public static JsonNode? ToJson(CborValue value) => value switch
    {
        CborInt number => JsonValue.Create(number.Value),
        CborFloat number => JsonValue.Create(number.Value),
        CborText text => JsonValue.Create(text.Value),
        CborBool truth => JsonValue.Create(truth.Value),
        CborNull => null,
        CborArray array => new JsonArray([.. array.Items.Select(ToJson)]),
        CborMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(KeyOf(entry.Key), ToJson(entry.Value)))),
        _ => throw new ArgumentException("The value has no JSON form.", nameof(value)),
    };

    private static string KeyOf(CborValue key) =>
        key is CborText text ? text.Value : throw new ArgumentException("A key is no text.", nameof(key));

    private static CborValue From(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new CborMap(element.EnumerateObject().Select(property => ((CborValue)property.Name, From(property.Value)))),
        JsonValueKind.Array => new CborArray(element.EnumerateArray().Select(From)),
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => element.GetRawText().AsSpan().ContainsAny(".eE") ? new CborFloat(element.GetDouble()) : new CborInt(element.GetInt64()),
        _ => CborValue.Null,
    };
}
