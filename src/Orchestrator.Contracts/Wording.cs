using System.Globalization;

namespace Orchestrator.Contracts;

/// <summary>Words for people.</summary>
public static class Wording
{
    /// <summary>A number of things: <c>1 frame</c>, <c>2 frames</c>.</summary>
    /// <param name="number">How many.</param>
    /// <param name="noun">One of them; its plural ends in s.</param>
    public static string Count(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? "" : "s")}");
}
