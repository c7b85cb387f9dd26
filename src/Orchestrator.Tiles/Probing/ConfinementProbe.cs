using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Probing;

/// <summary>
/// Tries what a program would that had got out of libtorch's hands. It runs in the very process that will train, before anything foreign
/// is in it, and changes nothing that it reaches.
/// </summary>
internal static class ConfinementProbe
{
    private const int MostOfAGroup = 8;
    private const int LongestFinding = 256;

    private static readonly Func<TileMessage.Probe, IEnumerable<string>>[] Groups =
    [
        NamespaceProbe.Findings, NetworkProbe.Findings, FileProbe.Findings, WriteProbe.Findings, ProcessProbe.Findings, PrivilegeProbe.Findings, EnvironmentProbe.Findings,
    ];

    /// <summary>What was reached, group by group: at most eight findings of each.</summary>
    public static TileMessage.Probed Run(TileMessage.Probe outside) => new(
        [.. Groups.SelectMany(group => group(outside).Take(MostOfAGroup)).Select(finding => finding[..Math.Min(finding.Length, LongestFinding)])]);
}
