using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Sdk;

/// <summary>A party's own record of every release and refusal: one JSON object a line, only ever appended to, on disk before the answer leaves.</summary>
public sealed class ReleaseLog
{
    /// <summary>Its name in the home folder.</summary>
    public const string FileName = "releases.jsonl";

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private readonly string _path;
    private readonly TimeProvider _time;

    internal ReleaseLog(string home, TimeProvider time)
    {
        _path = Path.Combine(home, FileName);
        _time = time;
    }

    internal void Append(ReleaseEvent entry)
    {
        var record = new
        {
            time = _time.GetUtcNow(),
            decision = entry.Kind,
            job = entry.Job?.ToString(),
            quote = entry.Quote?.ToString(),
            stage = entry.Stage,
            streams = entry.Streams,
            files = entry.Files,
            denials = entry.Denials,
        };
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(record, s_json), (byte)'\n'];
        LocalFile.Guard(_path, () =>
        {
            using FileStream file = LocalFile.OpenAppend(_path);
            file.Write(line);
            file.Flush(flushToDisk: true);
            return true;
        });
    }
}
