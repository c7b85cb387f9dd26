using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Demo;

/// <summary>Where the time of a job with a prepare stage went, by the host's events.</summary>
/// <param name="Launch">From the device's assignment until the group has attested: the parties' nonces, and a guest that starts.</param>
/// <param name="Release">Until every party's keys are in the group.</param>
/// <param name="Prepare">Inputs in, layers checked, container run, output sealed.</param>
/// <param name="Attest">Until the device has every key: its load, its quote, parties and group judging it.</param>
/// <param name="Train">The rest, to the receipt.</param>
internal sealed record StageTimes(double Launch, double Release, double Prepare, double Attest, double Train)
{
    private static readonly string[] s_marks = ["device_assigned", "group_attested", "stage_running", "stage_prepared", "running", "completed"];

    /// <summary>Reads the lines of <c>job watch --json</c>.</summary>
    public static StageTimes Read(string lines)
    {
        DateTimeOffset[] marks = [.. s_marks.Select(mark => lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Last(happened => happened.GetProperty("kind").GetString() == mark).GetProperty("time").GetDateTimeOffset())];
        double[] seconds = [.. marks.Zip(marks.Skip(1), (from, to) => (to - from).TotalSeconds)];
        return new StageTimes(seconds[0], seconds[1], seconds[2], seconds[3], seconds[4]);
    }

    /// <summary>One line, for people and for the bench.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"seconds: launch={Launch:0.000} release={Release:0.000} prepare={Prepare:0.000} attest={Attest:0.000} train={Train:0.000} total={Launch + Release + Prepare + Attest + Train:0.000}");
}
