using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Probing;

/// <summary>Namespaces that the tiles share with the controller; namespaces(7).</summary>
internal static class NamespaceProbe
{
    public static IEnumerable<string> Findings(TileMessage.Probe outside) => outside.Namespaces
        .Where(space => new FileInfo($"/proc/self/ns/{space.Split(':')[0]}").LinkTarget == space)
        .Select(space => $"namespaces: {space} is the controller's too");
}
