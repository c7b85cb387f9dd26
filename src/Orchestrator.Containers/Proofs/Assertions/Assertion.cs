using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>Something that the invariant does not exclude and that would break an assertion.</summary>
/// <param name="Words">What, for people.</param>
/// <param name="Attempts">Scripts that may show it; the engine decides whether they do.</param>
internal sealed record Way(string Words, IEnumerable<Script> Attempts)
{
    /// <summary>The container that has to be created for it, where there is one.</summary>
    public ContainerEntry? Container { get; init; }

    /// <summary>
    /// Whether it is something later in the container's life. Such a thing is also admitted of an ID under which another container was created and shut
    /// down, once this one's root file system is mounted for it: whoever created the ID is not asked for again.
    /// </summary>
    public bool IsLater { get; init; }

    /// <summary>Whether it is what fragments leave open.</summary>
    public bool IsOfFragments { get; init; }

    /// <summary>The process beside the containers that has to be started for it, where there is one.</summary>
    public StartBeside? Beside { get; init; }
}

/// <summary>A claim about all that a group can ever do.</summary>
/// <param name="text">As it was put.</param>
internal abstract class Assertion(string text)
{
    /// <summary>As it was put.</summary>
    public string Text => text;

    /// <summary>
    /// Every way of breaking the claim that the invariant leaves open. None: the claim holds. This is where the prover must not err, so a permit
    /// that a claim does not understand has to be a way.
    /// </summary>
    public abstract IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts);

    /// <summary>Whether an admitted request breaks the claim.</summary>
    public abstract bool IsBrokenBy(GroupInvariant invariant, Step step);

    /// <summary>What the claim does not say although a reader might think so; empty: nothing.</summary>
    public virtual IEnumerable<string> Remarks(GroupInvariant invariant) => [];

    /// <summary>The ways that fragments leave open: nobody but their issuers knows.</summary>
    protected static IEnumerable<Way> OfFragments(GroupInvariant invariant, bool containers = true, bool processes = false)
    {
        if ((containers && invariant.IsOpenToContainers) || (processes && invariant.IsOpenToProcesses))
        {
            string[] issuers = [.. invariant.Policy.Fragments.Select(fragment => $"{fragment.Issuer}, feed {fragment.Feed}").Distinct()];
            string who = issuers.Length == 0 ? "whoever signs them" : Words.List(issuers);
            yield return new Way($"fragments may add {(containers ? "containers" : "processes")} that the policy does not show; {who} decides which", []) { IsOfFragments = true };
        }
    }
}

/// <summary>A claim about what containers are created as.</summary>
internal abstract class CreationAssertion(string text, Scope scope) : Assertion(text)
{
    /// <summary>Which containers it is about.</summary>
    protected Scope Scope => scope;

    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts)
    {
        IEnumerable<Way> ways = invariant.At("create_container").SelectMany(permit => permit switch
        {
            CreateFrom create when !scope.Has(create.Container) => [],
            CreateFrom create => Threats(create.Container, scripts).Select(way => way with { Container = create.Container }),
            _ => [new Way("create_container admits every request", ScriptWriter.Only(Unrestricted()))],
        });
        return ways.Concat(OfFragments(invariant));
    }

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) =>
        step.Request is CreateContainer create && scope.Has(invariant, step.Decision.Next, create.ContainerId) && Breaks(create, step.Decision);

    /// <summary>What a container that may be created could break.</summary>
    protected abstract IEnumerable<Way> Threats(ContainerEntry entry, ScriptWriter scripts);

    /// <summary>A request that breaks the claim where every request is admitted.</summary>
    protected abstract CreateContainer Unrestricted();

    /// <summary>Whether creating a container that the claim is about breaks it.</summary>
    protected abstract bool Breaks(CreateContainer create, Decision decision);
}
