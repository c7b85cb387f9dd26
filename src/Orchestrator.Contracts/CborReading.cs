using System.Collections.Immutable;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Contracts;

/// <summary>What the signed objects of a job have in common when they are read.</summary>
internal static class CborReading
{
    /// <summary>Reads <c>type</c>, which names object and version, so that no object passes for another.</summary>
    public static void ExpectType(this CborMapReader map, string type)
    {
        CborField field = map.Required("type");
        if (field.AsText() != type)
        {
            throw field.OutOfRange($"is not \"{type}\"");
        }
    }

    /// <summary>A name in the form of <see cref="PartyName"/>.</summary>
    public static string AsPartyName(this CborField field)
    {
        string name = field.AsText(PartyName.MaxLength);
        return PartyName.IsValid(name) ? name : throw field.OutOfRange("is not a name: use a-z 0-9 - _ . and start with a letter or digit");
    }
}

/// <summary>An enumeration and the words that stand for its values in CBOR.</summary>
internal sealed class Words<T>(params (T Value, string Word)[] words)
    where T : struct, Enum
{
    public ImmutableArray<T> All { get; } = [.. words.Select(entry => entry.Value)];

    public string Of(T value) => words.First(entry => EqualityComparer<T>.Default.Equals(entry.Value, value)).Word;

    public T Read(CborField field)
    {
        string text = field.AsText();
        foreach ((T value, string word) in words)
        {
            if (word == text)
            {
                return value;
            }
        }

        throw field.OutOfRange($"is none of {string.Join(", ", words.Select(entry => entry.Word))}");
    }
}
