using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>Writes the shortest scripts that bring a container to where something can be asked of it. The engine has yet to admit them.</summary>
internal sealed class ScriptWriter(GroupInvariant invariant)
{
    private readonly Separation _separation = new(invariant);

    /// <summary>Creates the container.</summary>
    /// <param name="entry">Which one.</param>
    /// <param name="change">Makes the request one that shows something; null: it cannot.</param>
    public IEnumerable<Script> Create(ContainerEntry entry, Func<CreateContainer, CreateContainer?>? change = null)
    {
        IEnumerable<CreateContainer> requests = Basic(entry).Select(request => change is null ? request : change(request)).OfType<CreateContainer>();
        foreach (CreateContainer request in requests.SelectMany(request => _separation.Separate(entry, request)))
        {
            Script script = Stage.Stack(entry);
            script = request.Mounts.Any(mount => mount.Source == Stage.Share) ? script.Then(Stage.MountShare()) : script;
            yield return script.Then(request);
        }
    }

    /// <summary>Creates the container, then starts a process in it.</summary>
    public IEnumerable<Script> Exec(ContainerEntry entry, ExecProcess process, Func<ExecInContainer, ExecInContainer?>? change = null) =>
        Bring(entry).SelectMany(script => Exec(script, entry, process, change));

    /// <summary>Creates the container, then sends it a signal.</summary>
    public IEnumerable<Script> Signal(SendSignal permit) => Bring(permit.Container)
        .Select(script => script.Then(new SignalProcess(Stage.Id, permit.Signal, permit.Process is null, permit.Process?.Command ?? [])));

    /// <summary>Starts a process beside the containers, as little asked for as possible, or told apart from those whose streams are treated otherwise.</summary>
    public IEnumerable<Script> External(ExternalProcess process, Func<ProcessRequest, ProcessRequest?>? change = null)
    {
        if (Samples.External(process) is not { } request || (change is null ? request.Process : change(request.Process)) is not { } changed)
        {
            yield break;
        }

        yield return new Script([new ExecExternal(changed)]);
        EnvironmentRule[] others = [.. invariant.Policy.ExternalProcesses.Where(other => other.AllowStdioAccess != process.AllowStdioAccess).SelectMany(other => other.Environment)];
        foreach (string variable in process.Environment.Select(rule => Coverage.Stranger(rule, others).Text).OfType<string>())
        {
            yield return new Script([new ExecExternal(changed with { Environment = changed.Environment.Add(variable) })]);
        }
    }

    /// <summary>One request alone.</summary>
    public static IEnumerable<Script> Only(EnforcementRequest request) => [new Script([request])];

    // As far as something can be asked of the container: created, or else under the ID of another one that was.
    private IEnumerable<Script> Bring(ContainerEntry entry) => Create(entry).Concat(invariant.ReusesIds ? Reuse(entry) : []);

    private IEnumerable<Script> Reuse(ContainerEntry entry) =>
        from other in invariant.Containers
        where !ReferenceEquals(other, entry)
        orderby other.Policy.Layers.Union(entry.Policy.Layers, StringComparer.Ordinal).Count()
        from script in Create(other).Take(1)
        select new Script([.. script.Requests, new ShutdownContainer(Stage.Id), .. Stage.StackAgain(entry, other)]);

    private static IEnumerable<Script> Exec(Script brought, ContainerEntry entry, ExecProcess process, Func<ExecInContainer, ExecInContainer?>? change)
    {
        // What was added to tell the container from others when it was created need not be asked for again.
        var create = brought.Requests.OfType<CreateContainer>().Last();
        if (Samples.Create(entry) is not { } basic)
        {
            yield break;
        }

        bool privileged = create.Privileged && entry.PrivilegedCapabilities is not null;
        ExecInContainer request = Samples.Exec(privileged ? Samples.Privileged(entry, basic)! : basic, process);
        if (ReferenceEquals(brought.Requests[^1], create))
        {
            request = request with { Privileges = create.Privileges };
        }

        if ((change is null ? request : change(request)) is { } changed)
        {
            yield return brought.Then(changed);
        }
    }

    private static IEnumerable<CreateContainer> Basic(ContainerEntry entry)
    {
        if (Samples.Create(entry) is { } basic)
        {
            yield return basic;
            if (Samples.Privileged(entry, basic) is { } privileged)
            {
                yield return privileged;
            }
        }
    }
}
