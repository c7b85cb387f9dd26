using System.Collections.Immutable;

namespace Orchestrator.Containers.Policies;

/// <summary>What a mount's source may be.</summary>
public abstract record MountSource(string Text)
{
    /// <summary>Begins sources below the group's folder of sandbox mounts.</summary>
    public const string SandboxPrefix = "sandbox://";

    private const string HugePagesPrefix = "hugepages://";
    private const string SharePrefix = "plan9://";

    /// <summary>Reads a source as policies write it.</summary>
    /// <exception cref="FormatException">Its pattern is none of RE2.</exception>
    public static MountSource Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text switch
        {
            _ when text.StartsWith(SandboxPrefix, StringComparison.Ordinal) => new Sandbox(text, TextRule.Matching(text[SandboxPrefix.Length..])),
            _ when text.StartsWith(HugePagesPrefix, StringComparison.Ordinal) => new HugePages(text, TextRule.Matching(text[HugePagesPrefix.Length..])),
            _ when text.StartsWith(SharePrefix, StringComparison.Ordinal) => new Share(text),
            _ => new Path(text),
        };
    }

    /// <summary>This path.</summary>
    public sealed record Path(string Text) : MountSource(Text);

    /// <summary>A path below the group's folder of sandbox mounts; the rest is a pattern.</summary>
    public sealed record Sandbox(string Text, TextRule Rest) : MountSource(Text);

    /// <summary>A path below the group's folder of huge pages; the rest is a pattern.</summary>
    public sealed record HugePages(string Text, TextRule Rest) : MountSource(Text);

    /// <summary>Where a share of the host was mounted for this very container.</summary>
    public sealed record Share(string Text) : MountSource(Text);
}

/// <summary>A mount that a container may have, and need not.</summary>
/// <param name="Destination">Inside the container, exactly.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Type">Of the file system, exactly.</param>
/// <param name="Options">All of them, in any order.</param>
public sealed record MountRule(string Destination, MountSource Source, string Type, ImmutableArray<string> Options);
