namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>The image of the utility VM that tests start machines from.</summary>
internal static class UtilityVm
{
    private const string Variable = "ORCHESTRATOR_UVM";

    /// <summary>Its folder, which ORCHESTRATOR_UVM names; null: there is none.</summary>
    public static string? Image { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? folder : null;

    /// <summary>Skips a test where there is no image.</summary>
    public static void Require() => Assert.SkipWhen(Image is null, $"{Variable} names no image of the utility VM.");
}
