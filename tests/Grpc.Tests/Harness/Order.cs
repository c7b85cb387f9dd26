using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;

namespace Grpc.Tests.Harness;

/// <summary>A call to make, as in <c>peers/README.md</c>.</summary>
internal sealed record Order(string Method, params Body[] Requests)
{
    internal IReadOnlyList<(string Key, string Value)> Metadata { get; init; } = [];

    internal TimeSpan? Timeout { get; init; }

    internal int? CancelAfter { get; init; }

    internal string ToJson() => new JsonObject
    {
        ["method"] = Method,
        ["requests"] = new JsonArray([.. Requests.Select(request => request.ToJson())]),
        ["metadata"] = new JsonArray([.. Metadata.Select(entry => new JsonArray(entry.Key, entry.Value))]),
        ["timeout"] = Timeout?.TotalSeconds,
        ["cancelAfter"] = CancelAfter,
    }.ToJsonString();
}

/// <summary>The body of a request: given bytes, or a size for the bytes 0, 1, ... 250, 0, 1, ...</summary>
internal sealed record Body(string Hex, int? Size = null)
{
    private const int Period = 251;

    /// <summary>How a response with this body is printed.</summary>
    internal string Printed => Size is { } size ? $"{size}:{Convert.ToHexStringLower(SHA256.HashData(Pattern(size)))}" : Hex;

    internal static Body OfText(string text) => new(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)));

    internal static Body OfSize(int size) => new(string.Empty, size);

    internal JsonNode ToJson() => Size is { } size ? new JsonObject { ["size"] = size } : JsonValue.Create(Hex);

    private static byte[] Pattern(int size)
    {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++)
        {
            bytes[i] = (byte)(i % Period);
        }

        return bytes;
    }
}

/// <summary>How a call ended.</summary>
internal sealed record Outcome(StatusCode Status, string Detail, IReadOnlyList<string> Responses, Entries Headers, Entries Trailers)
{
    internal static Outcome FromJson(JsonNode line, IReadOnlyList<string> responses) => new(
        (StatusCode)line["status"]!.GetValue<int>(),
        line["detail"]!.GetValue<string>(),
        responses,
        Entries.FromJson(line["headers"]!),
        Entries.FromJson(line["trailers"]!));
}

/// <summary>Headers or trailers whose names begin with <c>x-</c>.</summary>
internal sealed class Entries
{
    private readonly ILookup<string, string> values;

    private Entries(ILookup<string, string> values) => this.values = values;

    /// <summary>All values of a key, joined: HTTP/2 libraries may join them (gRPC over HTTP/2, "Custom-Metadata"), so here all are.</summary>
    internal string this[string key] =>
        string.Join(',', values[key].SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)));

    internal static Entries FromJson(JsonNode entries) =>
        new(entries.AsArray().ToLookup(entry => entry![0]!.GetValue<string>(), entry => entry![1]!.GetValue<string>()));
}
