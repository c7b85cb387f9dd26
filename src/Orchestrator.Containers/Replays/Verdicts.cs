using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Replays;

/// <summary>Compares a decision with a recorded verdict.</summary>
internal static class Verdicts
{
    /// <summary>The fields that differ, each with both values as JSON; a list that a verdict does not record is not compared.</summary>
    public static IEnumerable<(string Field, string Recorded, string Observed)> Compare(JsonElement recorded, Decision observed)
    {
        IEnumerable<(string Field, string? Observed)> fields =
        [
            ("allowed", JsonSerializer.Serialize(observed.Allowed)),
            ("env_list", ToJson(observed.Environment)),
            ("caps_list", ToJson(observed.Capabilities)),
            ("allow_stdio_access", JsonSerializer.Serialize(observed.AllowStdioAccess)),
        ];
        foreach ((string field, string? value) in fields)
        {
            if (recorded.TryGetProperty(field, out JsonElement expected) && !JsonElement.DeepEquals(expected, JsonDocument.Parse(value ?? "null").RootElement))
            {
                yield return (field, expected.GetRawText(), value ?? "null");
            }
        }
    }

    private static string? ToJson(ImmutableArray<string>? list) => list is { } items ? JsonSerializer.Serialize(items) : null;

    private static string? ToJson(CapabilitySets? sets) => sets is null ? null : JsonSerializer.Serialize(new
    {
        ambient = sets.Ambient,
        bounding = sets.Bounding,
        effective = sets.Effective,
        inheritable = sets.Inheritable,
        permitted = sets.Permitted,
    });
}
