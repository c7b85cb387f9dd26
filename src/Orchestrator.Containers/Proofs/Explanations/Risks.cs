using System.Collections.Immutable;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Explanations;

/// <summary>A permission that a reader should look at first.</summary>
/// <param name="Kind">What kind of risk.</param>
/// <param name="Instances">Where the policy has it.</param>
public sealed record Risk(string Kind, ImmutableArray<string> Instances);

/// <summary>Lists a policy's risky permissions, the worst first. Most are what an assertion leaves open.</summary>
internal static class Risks
{
    // What changes how every program of an image is loaded or what it runs first.
    private const string Loaders = "never env matching (LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|GCONV_PATH|BASH_ENV|ENV|PYTHONPATH|PYTHONSTARTUP|PYTHONHOME|PERL5LIB|PERL5OPT|RUBYOPT|NODE_OPTIONS|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS)=(?s:.*)";

    private static readonly (string Kind, string[] Claims)[] Claims =
    [
        ("privileged containers", ["never privileged"]),
        ("shells", ["never exec a shell"]),
        ("variables that change how programs are loaded", [Loaders]),
        ("mounts whose source may leave its folder", ["mounts stay inside"]),
        ("root", ["never root"]),
        ("capabilities that amount to root", ["never capability SYS_ADMIN", "never capability SYS_MODULE", "never capability SYS_PTRACE", "never capability SYS_RAWIO", "never capability BPF", "never capability DAC_READ_SEARCH"]),
        ("new privileges", ["always no_new_privileges"]),
        ("no seccomp profile", ["always seccomp"]),
        ("streams that the host gets", ["stdout stays inside"]),
        ("insight that the host gets", ["never dump stacks", "never get properties", "never runtime logging"]),
        ("host network", ["never host network"]),
        ("unencrypted scratch", ["never unencrypted scratch"]),
        ("fragments", ["fragments may add nothing"]),
    ];

    /// <summary>The risks that a policy has.</summary>
    public static ImmutableArray<Risk> Of(Prover prover) =>
    [
        .. new[] { new Risk("points that admit everything", [.. Unrestricted(prover.Invariant)]) }
            .Concat(Claims.Select(claim => new Risk(claim.Kind, [.. claim.Claims.SelectMany(prover.OpenWays).Distinct()])))
            .Append(new Risk("mounts of the guest's own files", [.. Mounts(prover.Invariant, source => source is MountSource.Path && source.Text.StartsWith('/'))]))
            .Append(new Risk("shares of the host", [.. Mounts(prover.Invariant, source => source is MountSource.Share && prover.Invariant.At("plan9_mount").Any())]))
            .Append(new Risk("containers that can never be created", [.. prover.Invariant.Containers.Select(prover.Invariant.WhyNever).OfType<string>()]))
            .Where(risk => !risk.Instances.IsEmpty),
    ];

    private static IEnumerable<string> Mounts(GroupInvariant invariant, Func<MountSource, bool> concerned) =>
        from create in invariant.At("create_container").OfType<CreateFrom>()
        from mount in create.Container.Policy.Mounts
        where concerned(mount.Source)
        select $"{create.Container.Name} may mount {Words.Quote(mount.Source.Text)} at {mount.Destination}";

    private static IEnumerable<string> Unrestricted(GroupInvariant invariant) => invariant.Permits.OfType<Unrestricted>().Select(permit =>
        $"{permit.Point}{(invariant.Policy.Points.ContainsKey(permit.Point) ? "" : $", for the policy is for API {invariant.Policy.ApiVersion} and the point is younger ({EnforcementPoint.All[permit.Point].Introduced})")}");
}
