using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>No process is started from a program.</summary>
internal sealed class NeverExec(string text, Scope scope, ProgramName program) : ProcessAssertion(text, scope)
{
    public override IEnumerable<string> Remarks(GroupInvariant invariant)
    {
        yield return "Names of programs are compared, not files: what a link in an image leads to, and what a permitted program starts itself, no policy says.";
        string[] others = [.. invariant.Permits.Select(CommandOf).Where(command => command.Length > 0 && ProgramName.CompareToShells(command[0]) == Likeness.Same).Select(command => command[0]).Distinct()];
        if (others.Length > 0)
        {
            yield return $"Shells that the policy permits: {Words.List(others.Select(Words.Quote))}. A shell starts whatever its image has.";
        }
    }

    protected override IEnumerable<Change> Changes(ImmutableArray<string> command, string workingDirectory, ImmutableArray<EnvironmentRule> rules, ContainerEntry? container) =>
        program.Compare(command, workingDirectory) switch
        {
            Likeness.Same => [new Change($"is {program}", start => start)],
            Likeness.Unclear => [new Change($"may be or start {program}: that depends on the image and on what the program does with its arguments", _ => null)],
            _ => [],
        };

    protected override Start Unrestricted(Start start) =>
        start with { Process = start.Process with { Command = Scope.IsNamed ? [.. program.Command, Scope.Program] : program.Command } };

    protected override bool Breaks(Start granted) => program.Compare(granted.Process.Command, granted.Process.WorkingDirectory) == Likeness.Same;

    private static ImmutableArray<string> CommandOf(Permit permit) => permit switch
    {
        CreateFrom create => create.Container.Policy.Command,
        StartInside start => start.Process.Command,
        StartBeside start => start.Process.Command,
        _ => [],
    };
}

/// <summary>No process has a variable of a set.</summary>
internal sealed class NeverVariable(string text, Scope scope, TextSet forbidden, Func<string, bool> isForbidden) : ProcessAssertion(text, scope)
{
    protected override IEnumerable<Change> Changes(ImmutableArray<string> command, string workingDirectory, ImmutableArray<EnvironmentRule> rules, ContainerEntry? container)
    {
        foreach (EnvironmentRule rule in rules)
        {
            TextSearchResult found = rule.Variables.And(forbidden).Shortest();
            if (!found.Decided)
            {
                yield return new Change("may get such a variable: the patterns are too large to tell", _ => null);
            }
            else if (found.Text is { } variable)
            {
                yield return new Change($"may get {Words.Quote(variable)}", start => With(start, start.Process.Environment.Add(variable)));
            }
        }
    }

    protected override Start Unrestricted(Start start) => With(start, [forbidden.Shortest().Text ?? ""]);

    protected override bool Breaks(Start granted) => granted.Process.Environment.Any(isForbidden);

    private static Start With(Start start, ImmutableArray<string> variables) => start with { Process = start.Process with { Environment = variables } };
}

/// <summary>Every process has a variable of a set.</summary>
internal sealed class AlwaysVariable(string text, Scope scope, TextSet needed, Func<string, bool> isNeeded) : ProcessAssertion(text, scope)
{
    protected override IEnumerable<Change> Changes(ImmutableArray<string> command, string workingDirectory, ImmutableArray<EnvironmentRule> rules, ContainerEntry? container)
    {
        EnvironmentRule[] required = [.. rules.Where(rule => rule.Required)];
        if (!required.Any(rule => rule.Variables.Except(needed).Shortest().IsEmpty))
        {
            string[] others = [.. required.Select(rule => rule.Variables.Except(needed).Shortest().Text).OfType<string>().Distinct()];
            yield return new Change("may start without it", start => others.Length > 0 || required.Length == 0 ? Only(start, others) : null);
        }
    }

    protected override Start Unrestricted(Start start) => Only(start, []);

    protected override bool Breaks(Start granted) => !granted.Process.Environment.Any(isNeeded);

    private static Start Only(Start start, IEnumerable<string> variables) => start with { Process = start.Process with { Environment = [.. variables] } };
}

/// <summary>No process has a capability.</summary>
internal sealed class NeverCapability(string text, Scope scope, string capability) : ProcessAssertion(text, scope)
{
    protected override bool IsSaidOfProcessesBeside => false;

    /// <summary>A name as the kernel's headers have it, with the prefix.</summary>
    public static string Normalize(string name) => name.StartsWith("CAP_", StringComparison.OrdinalIgnoreCase) ? name.ToUpperInvariant() : "CAP_" + name.ToUpperInvariant();

    public override IEnumerable<string> Remarks(GroupInvariant invariant)
    {
        if (invariant.Containers.Any(entry => Scope.Has(entry) && entry.Policy.Capabilities is null))
        {
            yield return "Where the policy names no capabilities the guest's default ones are meant.";
        }
    }

    protected override IEnumerable<Change> Changes(ImmutableArray<string> command, string workingDirectory, ImmutableArray<EnvironmentRule> rules, ContainerEntry? container)
    {
        // Which of both sets a process has depends on whether its container was created as privileged.
        foreach (CapabilitySets sets in new[] { container!.Capabilities, container.PrivilegedCapabilities }.OfType<CapabilitySets>().Where(Has))
        {
            yield return new Change($"has {capability}", start => start with { Privileges = start.Privileges! with { Capabilities = sets } });
        }
    }

    protected override Start Unrestricted(Start start) => start with { Privileges = start.Privileges! with { Capabilities = CapabilitySets.None with { Bounding = [capability] } } };

    protected override bool Breaks(Start granted) => Has(granted.Privileges!.Capabilities);

    private bool Has(CapabilitySets sets) => sets.Sets.Any(set => set.Any(name => Normalize(name) == capability || Normalize(name) == "CAP_ALL"));
}

/// <summary>Every process runs with <c>no_new_privileges</c>.</summary>
internal sealed class AlwaysWithoutNewPrivileges(string text, Scope scope) : ProcessAssertion(text, scope)
{
    protected override bool IsSaidOfProcessesBeside => false;

    protected override IEnumerable<Change> Changes(ImmutableArray<string> command, string workingDirectory, ImmutableArray<EnvironmentRule> rules, ContainerEntry? container) =>
        container!.Policy.NoNewPrivileges ? [] : [new Change("may gain privileges", Gaining)];

    protected override Start Unrestricted(Start start) => Gaining(start);

    protected override bool Breaks(Start granted) => !granted.Privileges!.NoNewPrivileges;

    private static Start Gaining(Start start) => start with { Privileges = start.Privileges! with { NoNewPrivileges = false } };
}
