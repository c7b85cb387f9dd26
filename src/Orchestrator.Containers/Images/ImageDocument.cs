using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>A value in a JSON document of an image. Members that nobody asks for are passed over: the formats let tools add their own.</summary>
/// <param name="document">For messages: which document, and the way to the value.</param>
/// <param name="value">The value.</param>
internal sealed class ImageDocument(string document, JsonElement value)
{
    private const int MaxDepth = 32;
    private const string Algorithm = "sha256:";

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Parses a document.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="utf8">Its bytes.</param>
    public static ImageDocument Parse(string name, byte[] utf8)
    {
        try
        {
            using var parsed = JsonDocument.Parse(utf8, s_options);
            return new ImageDocument(name, parsed.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw new OrchestratorException(ImageErrors.Document, $"{name} cannot be read: {e.Message.Split('\n')[0]}", inner: e);
        }
    }

    /// <summary>A member; null: absent, or null.</summary>
    public ImageDocument? Find(string member)
    {
        RequireKind(JsonValueKind.Object, "an object");
        return value.TryGetProperty(member, out JsonElement found) && found.ValueKind != JsonValueKind.Null
            ? new ImageDocument($"{document} {member}", found)
            : null;
    }

    /// <summary>A member that has to be there.</summary>
    public ImageDocument Require(string member) => Find(member) ?? throw Bad($"lacks \"{member}\"");

    /// <summary>The text, without a zero character: all texts here end up as names or arguments.</summary>
    public string AsText()
    {
        RequireKind(JsonValueKind.String, "a text");
        try
        {
            string text = value.GetString()!;
            return text.Contains('\0', StringComparison.Ordinal) ? throw Bad("has a zero character") : text;
        }
        catch (InvalidOperationException)
        {
            throw Bad("is not Unicode text");
        }
    }

    /// <summary>The integer, not negative.</summary>
    public long AsLength()
    {
        RequireKind(JsonValueKind.Number, "a number");
        return value.TryGetInt64(out long number) && number >= 0 ? number : throw Bad("is not a length");
    }

    /// <summary>The digest, <c>sha256:</c> and 64 lower-case hexadecimal digits.</summary>
    public Digest AsDigest()
    {
        string text = AsText();
        return text.StartsWith(Algorithm, StringComparison.Ordinal) && Digest.TryParse(text[Algorithm.Length..], out Digest digest)
            ? digest
            : throw Bad($"is \"{Shorten(text)}\", not a SHA-256 digest");
    }

    /// <summary>The items of an array.</summary>
    public ImmutableArray<ImageDocument> AsList()
    {
        RequireKind(JsonValueKind.Array, "an array");
        return [.. value.EnumerateArray().Select((item, index) => new ImageDocument($"{document}[{index}]", item))];
    }

    /// <summary>The texts of an array.</summary>
    public ImmutableArray<string> AsTexts() => [.. AsList().Select(item => item.AsText())];

    /// <summary>The members of an object.</summary>
    public ImmutableArray<(string Name, ImageDocument Value)> AsMembers()
    {
        RequireKind(JsonValueKind.Object, "an object");
        return [.. value.EnumerateObject().Select(member => (member.Name, new ImageDocument($"{document} {Shorten(member.Name)}", member.Value)))];
    }

    /// <summary>A complaint about this value.</summary>
    public OrchestratorException Bad(string finding) => new(ImageErrors.Document, $"{document} {finding}.");

    /// <summary>A stranger's text, short enough for a message.</summary>
    public static string Shorten(string text) => text.Length <= 120 ? text : text[..120] + "…";

    private void RequireKind(JsonValueKind kind, string what)
    {
        if (value.ValueKind != kind)
        {
            throw Bad($"is not {what}");
        }
    }
}
