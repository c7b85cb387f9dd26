using System.Text.Json.Nodes;
using Orchestrator.Errors;

namespace Orchestrator.Tiles;

/// <summary>How a failure is told.</summary>
internal static class ErrorReport
{
    /// <summary>One line for people.</summary>
    public static string Line(OrchestratorException error) => $"error: {Flat(error.Message)} [{error.Code}] {Flat(error.Remedy)}";

    /// <summary>The same for programs.</summary>
    public static JsonObject Json(OrchestratorException error) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = error.Code.Id,
            ["class"] = (int)error.Code.Class,
            ["message"] = error.Message,
            ["remedy"] = error.Remedy,
        },
    };

    private static string Flat(string text) => text.ReplaceLineEndings(" ");
}
