using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Probing;

/// <summary>Variables of the operator's environment, where secrets are often kept.</summary>
internal static class EnvironmentProbe
{
    // bubblewrap sets it.
    private const string WorkingFolder = "PWD";

    public static IEnumerable<string> Findings(TileMessage.Probe outside) => Environment.GetEnvironmentVariables().Keys.Cast<string>()
        .Except(outside.Environment).Where(name => name != WorkingFolder).Order(StringComparer.Ordinal)
        .Select(name => $"environment: {name} is set");
}
