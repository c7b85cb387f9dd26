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

    public static ImmutableArray<string> AsTexts(this CborField field) => [.. field.AsArray(MaxTexts).Select(item => item.AsText(MaxText))];
}
