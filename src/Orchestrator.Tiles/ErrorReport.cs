using Orchestrator.Errors;

namespace Orchestrator.Tiles;

/// <summary>How a failure is told.</summary>
internal static class ErrorReport
{
    /// <summary>One line for people.</summary>
    public static string Line(OrchestratorException error) => $"error: {Flat(error.Message)} [{error.Code}] {Flat(error.Remedy)}";

    private static string Flat(string text) => text.ReplaceLineEndings(" ");
}
