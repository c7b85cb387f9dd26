using System.Globalization;
using System.Text;
using Orchestrator.Contracts.Manifests;

namespace Orchestrator.Cli;

/// <summary>A manifest's tables, for people and as JSON: streams with their keys' slots, passes over the data, tile memory.</summary>
internal static class ManifestTables
{
    private const int PartyWidth = 16;

    public static object ToJson(Manifest manifest) => new
    {
        job = manifest.Digest.ToString(),
        streams = manifest.Content.Streams.Select(stream => new
        {
            stream.Id,
            what = What(stream),
            owner = stream.Owner,
            slot = stream.Slot,
            records = stream.Records,
            frames = stream.Frames,
            frame_size = stream.FrameSize,
            digest = stream.Digest.ToString(),
        }),
        outputs = manifest.Content.Outputs.Select(output => new { output.Name, output.Kind, output.Receivers }),
        passes = ReadPlan.Of(manifest.Content).Passes,
        memory = MemoryOf(manifest),
    };

    /// <summary>Memory alone, bytes by part, and the total.</summary>
    public static object MemoryOf(Manifest manifest)
    {
        var plan = MemoryPlan.Of(manifest.Content);
        return new { parts = plan.Parts.Select(part => new { part.Name, part.Bytes, part.Holds }), total = plan.Total };
    }

    public static string Describe(Manifest manifest)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"  {"stream",-6}  {"what",-9} {"key of",-PartyWidth}  slot  {"records",15}  {"frames",9}  {"frame bytes",11}");
        foreach (ManifestStream stream in manifest.Content.Streams)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {stream.Id,6}  {What(stream),-9} {stream.Owner,-PartyWidth}  {stream.Slot,4}  {stream.Records,15}  {stream.Frames,9}  {stream.FrameSize,11}");
        }

        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"  {"pass",-11}  {"times",7}  {"records",15}  {"batches",9}  {"frames",9}");
        foreach (PlannedPass pass in ReadPlan.Of(manifest.Content).Passes)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {pass.Kind.ToString().ToLowerInvariant(),-11}  {pass.Times,7}  {pass.Records,15}  {pass.Batches,9}  {pass.Frames,9}");
        }

        text.AppendLine();
        var memory = MemoryPlan.Of(manifest.Content);
        text.AppendLine(CultureInfo.InvariantCulture, $"  {"tile memory",-13}  {"bytes",15}");
        foreach (MemoryPart part in memory.Parts)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {part.Name,-13}  {part.Bytes,15}  {part.Holds}");
        }

        long data = manifest.Content.Streams.Where(stream => stream.Schema is not null).Sum(stream => stream.Records * stream.RecordSize);
        return text.AppendLine(CultureInfo.InvariantCulture, $"  {"total",-13}  {memory.Total,15}  through which {data} bytes of data stream").ToString();
    }

    private static string What(ManifestStream stream) => stream.Role?.ToString().ToLowerInvariant() ?? "program";
}
