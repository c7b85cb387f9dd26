namespace Orchestrator.Contracts.Manifests;

/// <summary>The form of names: 1 to 64 of <c>a-z 0-9 - _ .</c>, first a letter or digit. One spelling, safe in paths and terminals.</summary>
public static class PartyName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>Whether <paramref name="name"/> has the form.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= MaxLength }
        && (char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0]))
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.');
}
