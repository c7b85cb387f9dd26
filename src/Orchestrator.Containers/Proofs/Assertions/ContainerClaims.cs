using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>No container is privileged.</summary>
internal sealed class NeverPrivileged(string text, Scope scope) : CreationAssertion(text, scope)
{
    protected override IEnumerable<Way> Threats(ContainerEntry entry, ScriptWriter scripts) => entry.Policy.AllowElevated
        ? [new Way($"{entry.Name} may be privileged", scripts.Create(entry, request => request.Privileged ? request : null))]
        : [];

    protected override CreateContainer Unrestricted() => Stage.Anything() with { Privileged = true };

    protected override bool Breaks(CreateContainer create, Decision decision) => create.Privileged;
}

/// <summary>Every container runs under a seccomp profile, or under one profile.</summary>
/// <param name="text">As it was put.</param>
/// <param name="scope">Which containers.</param>
/// <param name="profile">SHA-256; null: any.</param>
internal sealed class AlwaysSeccomp(string text, Scope scope, string? profile) : CreationAssertion(text, scope)
{
    // Beside the containers there is none.
    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts) => base.Ways(invariant, scripts)
        .Concat(invariant.At("exec_external").Where(permit => permit is not StartBeside beside || Scope.HasBeside(beside.Process.Command)).Select(_ => new Way("processes beside the containers have no seccomp profile", [])))
        .Concat(OfFragments(invariant, false, true));

    protected override IEnumerable<Way> Threats(ContainerEntry entry, ScriptWriter scripts) => IsGood(entry.Policy.SeccompProfile)
        ? []
        : [new Way($"{entry.Name} has {(entry.Policy.SeccompProfile.Length == 0 ? "no seccomp profile" : "another seccomp profile")}", scripts.Create(entry))];

    protected override CreateContainer Unrestricted() => Stage.Anything();

    protected override bool Breaks(CreateContainer create, Decision decision) => !IsGood(create.SeccompProfile);

    private bool IsGood(string found) => found.Length > 0 && (profile is null || found == profile);
}

/// <summary>No container is created.</summary>
internal sealed class NeverCreated(string text, Scope scope) : CreationAssertion(text, scope)
{
    protected override IEnumerable<Way> Threats(ContainerEntry entry, ScriptWriter scripts) => [new Way($"{entry.Name} may be created", scripts.Create(entry))];

    protected override CreateContainer Unrestricted() => Stage.Anything();

    protected override bool Breaks(CreateContainer create, Decision decision) => true;
}

/// <summary>No container has a mount at, below or above a place.</summary>
internal sealed class NeverMountAt(string text, Scope scope, string place) : CreationAssertion(text, scope)
{
    public override IEnumerable<string> Remarks(GroupInvariant invariant) => ["Of mounts the policy's and the guest's own are counted, by the names that they have there: links in an image are not followed, and layers are not mounts."];

    protected override IEnumerable<Way> Threats(ContainerEntry entry, ScriptWriter scripts) =>
        from rule in entry.Mounts
        let same = Touches(rule.Destination, Parts)
        where same || Touches(rule.Destination, MergedParts)
        select same
            ? new Way($"{entry.Name} may have a mount at {Words.Quote(rule.Destination)}", ContainerMounts.With(scripts, entry, rule, null))
            : new Way($"{entry.Name} may have a mount at {Words.Quote(rule.Destination)}, which many images have another name for", []);

    protected override CreateContainer Unrestricted() => Stage.Anything() with { Mounts = [new MountRequest(place, "/anything", "bind", ["rbind", "rw"])] };

    protected override bool Breaks(CreateContainer create, Decision decision) => create.Mounts.Any(mount => Touches(mount.Destination, Parts));

    // What is mounted above a place decides what is there as much as what is mounted below. A place reached by ".." is not judged by its name.
    private bool Touches(string destination, Func<string, string[]> parts)
    {
        string[] found = parts(destination);
        string[] asked = parts(place);
        return found.Contains("..") || found.Zip(asked).All(pair => pair.First == pair.Second);
    }

    private static string[] Parts(string path) => [.. path.Split('/').Where(part => part is not ("" or "."))];

    // Links that most images have: /bin to /usr/bin and the like, /var/run to /run.
    private static string[] MergedParts(string path) => Parts(path) switch
    {
        ["usr", "bin" or "sbin" or "lib" or "lib32" or "lib64" or "libx32", ..] and [_, .. var rest] => rest,
        ["var", "run", .. var rest] => ["run", .. rest],
        ["var", "lock", .. var rest] => ["run", "lock", .. rest],
        var parts => parts,
    };
}

/// <summary>No mount's source leaves the folder that it has to be below, or is a path of the guest's own.</summary>
internal sealed class MountsStayInside(string text, Scope scope) : CreationAssertion(text, scope)
{
    // By ".." or, as folder and rest are put together character by character, into a folder whose name begins as the right one's does.
    private static readonly TextSet s_climbs = TextSet.Matching(Patterns.Re2Pattern.Parse("(?s)[^/].*|(.*/)?\\.\\.(/.*)?"));

    protected override IEnumerable<Way> Threats(ContainerEntry entry, ScriptWriter scripts)
    {
        foreach (MountRule rule in entry.Mounts)
        {
            TextSet? rest = rule.Source switch
            {
                MountSource.Sandbox sandbox => sandbox.Rest.Texts,
                MountSource.HugePages pages => pages.Rest.Texts,
                _ => null,
            };
            if (rest is null ? Climbs(rule.Source.Text) || rule.Source is MountSource.Path { Text: ['/', ..] } : !rest.And(s_climbs).Shortest().IsEmpty)
            {
                yield return new Way($"{entry.Name} may mount {Words.Quote(rule.Source.Text)} from outside of its folder", ContainerMounts.With(scripts, entry, rule, rest is null ? null : s_climbs));
            }
        }
    }

    protected override CreateContainer Unrestricted() => Stage.Anything() with { Mounts = [new MountRequest("/anything", Stage.SandboxDirectory + "/../..", "bind", ["rbind", "rw"])] };

    protected override bool Breaks(CreateContainer create, Decision decision) => create.Mounts.Any(mount =>
        Climbs(mount.Source) || (mount.Source.StartsWith('/')
            && !IsWithin(create.SandboxDirectory, mount.Source) && !IsWithin(create.HugePagesDirectory, mount.Source) && !decision.Next.Shares.ContainsKey(mount.Source)));

    private static bool Climbs(string source) => source.Split('/').Contains("..");

    private static bool IsWithin(string folder, string source) => source == folder || source.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
}

/// <summary>Scripts with a mount.</summary>
internal static class ContainerMounts
{
    /// <summary>Creates a container with a mount that a rule permits.</summary>
    public static IEnumerable<Script> With(ScriptWriter scripts, ContainerEntry entry, MountRule rule, TextSet? rest) =>
        scripts.Create(entry, request => Samples.Mount(rule, rest) is { } mount
            ? request with { Mounts = [mount], IsSandboxContainer = ReferenceEquals(rule, ContainerChecks.WritableSysfs) }
            : null);
}
