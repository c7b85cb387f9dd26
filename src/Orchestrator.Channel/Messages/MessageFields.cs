using System.Collections.Immutable;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Channel.Messages;

/// <summary>Fields that several messages have.</summary>
internal static class MessageFields
{
    /// <summary>Characters of a text at most.</summary>
    public const int MaxText = 128 * 1024;

    private const int MaxTexts = 4096;

    public static CborArray Texts(IEnumerable<string> texts) => new(texts.Select(text => (CborValue)text));

    public static ImmutableArray<string> AsTexts(this CborField field) => [.. field.AsArray(MaxTexts).Select(item => item.AsName(MaxText))];

    /// <summary>A text that the kernel takes whole: what stands behind a zero byte is seen by rules, and by nobody else.</summary>
    public static string AsName(this CborField field, int maxLength)
    {
        string text = field.AsText(maxLength);
        return text.Contains('\0', StringComparison.Ordinal) ? throw field.OutOfRange("has a zero byte") : text;
    }
}
