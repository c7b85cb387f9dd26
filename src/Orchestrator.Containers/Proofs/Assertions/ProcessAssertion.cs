using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>What is asked for when a process starts.</summary>
/// <param name="Process">Command, variables and folder.</param>
/// <param name="Privileges">Null beside the containers.</param>
internal sealed record Start(ProcessRequest Process, ProcessPrivileges? Privileges);

/// <summary>How a request to start a permitted process has to look in order to break a claim.</summary>
/// <param name="Words">For people, to follow the name of what is started.</param>
/// <param name="Apply">Changes a request that is admitted; null: it is not known how.</param>
internal sealed record Change(string Words, Func<Start, Start?> Apply);

/// <summary>A claim about all processes that are started: the containers' first ones, those started in them later, and those beside them.</summary>
internal abstract class ProcessAssertion(string text, Scope scope) : Assertion(text)
{
    /// <summary>Which processes it is about.</summary>
    protected Scope Scope => scope;

    /// <summary>
    /// Whether requests to start processes beside the containers say what the claim is about. Otherwise these have whatever the guest has, and nothing
    /// can be proved of them.
    /// </summary>
    protected virtual bool IsSaidOfProcessesBeside => true;

    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts) =>
        invariant.Permits.SelectMany(permit => Ways(permit, scripts)).Concat(OfFragments(invariant)).Concat(OfFragments(invariant, false, true));

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) => step.Request switch
    {
        CreateContainer create => scope.Has(invariant, step.Decision.Next, create.ContainerId) && Breaks(Granted(create.Process, create.Privileges, step.Decision)),
        ExecInContainer exec => (scope.Has(invariant, step.Decision.Next, exec.ContainerId) || scope.HasProcess(exec.Process.Command)) && Breaks(Granted(exec.Process, exec.Privileges, step.Decision)),
        ExecExternal exec => IsSaidOfProcessesBeside && scope.HasBeside(exec.Process.Command) && Breaks(Granted(exec.Process, null, step.Decision)),
        _ => false,
    };

    /// <summary>How a permitted process could break the claim.</summary>
    /// <param name="command">Its command, which is fixed.</param>
    /// <param name="workingDirectory">Where it starts, which is fixed.</param>
    /// <param name="rules">For its variables.</param>
    /// <param name="container">Null beside the containers.</param>
    protected abstract IEnumerable<Change> Changes(ImmutableArray<string> command, string workingDirectory, ImmutableArray<EnvironmentRule> rules, ContainerEntry? container);

    /// <summary>A request that breaks the claim where every request is admitted.</summary>
    protected abstract Start Unrestricted(Start start);

    /// <summary>Whether starting a process with what it was granted breaks the claim.</summary>
    protected abstract bool Breaks(Start granted);

    private static Start Granted(ProcessRequest process, ProcessPrivileges? privileges, Decision decision) => new(
        process with { Environment = decision.Environment ?? process.Environment },
        privileges is null ? null : privileges with { Capabilities = decision.Capabilities ?? privileges.Capabilities });

    private IEnumerable<Way> Ways(Permit permit, ScriptWriter scripts) => permit switch
    {
        CreateFrom { Container: var entry } when scope.Has(entry) => Changes(entry.Policy.Command, entry.Policy.WorkingDirectory, entry.Policy.Environment, entry)
            .Select(change => new Way($"{entry.Name} {change.Words}", scripts.Create(entry, request => Apply(request, change))) { Container = entry }),
        StartInside { Container: var entry, Process: var process } when scope.Has(entry) || scope.HasProcess(process.Command) =>
            Changes(process.Command, entry.Policy.WorkingDirectory, entry.Policy.Environment, entry).Select(change =>
                new Way($"{Words.Command(process.Command)}, started in {entry.Name}, {change.Words}", scripts.Exec(entry, process, request => Apply(request, change))) { Container = entry, IsLater = true }),
        StartBeside beside when !scope.HasBeside(beside.Process.Command) => [],
        StartBeside beside when !IsSaidOfProcessesBeside => [new Way($"{beside.Name} has whatever the guest has", []) { Beside = beside }],
        StartBeside beside => Changes(beside.Process.Command, beside.Process.WorkingDirectory, beside.Process.Environment, null)
            .Select(change => new Way($"{beside.Name} {change.Words}", scripts.External(beside.Process, request => change.Apply(new(request, null))?.Process)) { Beside = beside }),
        Unrestricted { Point: "create_container" or "exec_in_container" or "exec_external" } free => OfUnrestricted(free.Point),
        _ => [],
    };

    private IEnumerable<Way> OfUnrestricted(string point)
    {
        CreateContainer anything = Stage.Anything();
        Start named = new(anything.Process with { Command = [scope.Program] }, anything.Privileges);
        Start start = Unrestricted(named);
        if (point != "exec_external")
        {
            EnforcementRequest request = point == "create_container"
                ? anything with { Process = start.Process, Privileges = start.Privileges! }
                : new ExecInContainer(anything.ContainerId, start.Process, start.Privileges!);
            yield return new Way($"{point} admits every request", ScriptWriter.Only(request));
        }
        else
        {
            yield return new Way(
                $"{point} admits every request{(IsSaidOfProcessesBeside ? "" : ", and what it starts has whatever the guest has")}",
                IsSaidOfProcessesBeside ? ScriptWriter.Only(new ExecExternal(start.Process)) : []);
        }
    }

    private static CreateContainer? Apply(CreateContainer request, Change change) =>
        change.Apply(new(request.Process, request.Privileges)) is { Privileges: { } privileges } start ? request with { Process = start.Process, Privileges = privileges } : null;

    private static ExecInContainer? Apply(ExecInContainer request, Change change) =>
        change.Apply(new(request.Process, request.Privileges)) is { Privileges: { } privileges } start ? request with { Process = start.Process, Privileges = privileges } : null;
}
