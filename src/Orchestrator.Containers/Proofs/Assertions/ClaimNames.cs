using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Orchestrator.Containers.Groups;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>
/// Which words can be the names that a claim is about. A name that nothing can have (<c>'sh'</c> in the wrong quotes, <c>LD_*</c>, <c>ls.</c> at the end of a
/// sentence) would make a claim hold that nobody meant.
/// </summary>
internal static partial class ClaimNames
{
    // These say that somebody meant more than one thing.
    private static readonly ImmutableHashSet<string> Pronouns = ImmutableHashSet.Create(
        StringComparer.OrdinalIgnoreCase, "all", "any", "anybody", "anyone", "anything", "each", "every", "everybody", "everyone", "everything", "it", "none", "nothing", "other",
        "others", "some", "somebody", "someone", "something", "them", "this",
        "command", "commands", "process", "processes", "program", "programs", "name", "names", "value", "values", "variable", "variables");

    private static readonly ImmutableHashSet<string> Capabilities = [.. GuestEnvironment.Default.DefaultPrivilegedCapabilities];

    /// <summary>Whether the claim goes on, or ends like a sentence, behind a name that is not quoted.</summary>
    public static bool HasStop(string claim) => Stop().IsMatch(Kept().Replace(claim, "x"));

    /// <summary>A file's name or path, a user's or group's name or number, an issuer.</summary>
    public static bool IsPlain(string word) => word.Length > 0 && !Pronouns.Contains(word) && !Strange().IsMatch(word);

    /// <summary>A variable's name.</summary>
    public static bool IsVariable(string word) => !Pronouns.Contains(word) && Variable().IsMatch(word);

    /// <summary>A capability, with its prefix.</summary>
    public static bool IsCapability(string name) => Capabilities.Contains(name);

    /// <summary>A SHA-256.</summary>
    public static bool IsHash(string word) => Hash().IsMatch(word);

    [GeneratedRegex(@"[.;:!?。](\s|$)|,\s*$")]
    private static partial Regex Stop();

    [GeneratedRegex("\"[^\"]*\"|\\[[^\\]]*\\]")]
    private static partial Regex Kept();

    [GeneratedRegex(@"[\s\p{C},*?\[\]{}()<>|&;!$\\'""`´“”‘’„«»~^]")]
    private static partial Regex Strange();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_.\-]*\z")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^[0-9A-Fa-f]{64}\z")]
    private static partial Regex Hash();
}
