using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>
/// The framework's rules for containers and processes. Mounting a root file system says what a container could be; each admitted request
/// leaves of that what fits it. What a container can be never grows.
/// </summary>
internal sealed class ContainerEnforcement(ExecutionPolicy policy, GroupEnvironment environment)
{
    private readonly Narrowing _narrowing = new(policy.Flags);
    private readonly ContainerChecks _checks = new(environment);
    private readonly Permissions _permissions = new(policy);

    public Decision Create(GroupState state, CreateContainer request)
    {
        ImmutableArray<ContainerPolicy> possible = CandidatesOf(state, request.ContainerId);
        var reasons = new Reasons();
        reasons.Require(!state.Started.ContainsKey(request.ContainerId), "container already started");
        reasons.Require(request.Devices.IsEmpty, "devices not supported");
        ImmutableArray<ContainerPolicy> fitting = [.. possible.Where(container => _checks.Fits(state, container, request))];
        if (fitting.IsEmpty || !reasons.None)
        {
            _checks.Explain(reasons, state, possible, request);
            return reasons.Refuse(state);
        }

        Settled settled = Settle(fitting, request.Process, request.Privileges.Capabilities, request.Privileged);
        reasons.Require(settled.Explained, settled.Error);
        reasons.Require(settled.Candidates.All(container => container.AllowStdioAccess == settled.Candidates[0].AllowStdioAccess), "containers only distinguishable by allow_stdio_access");
        if (!reasons.None || settled.Candidates.IsEmpty)
        {
            return reasons.Refuse(state);
        }

        return new Decision(true, state with
        {
            Candidates = state.Candidates.SetItem(request.ContainerId, settled.Candidates),
            Started = state.Started.Add(request.ContainerId, new StartedContainer(request.Privileged)),
        })
        {
            Environment = settled.Environment,
            Capabilities = settled.Capabilities,
            AllowStdioAccess = settled.Candidates[0].AllowStdioAccess,
        };
    }

    public Decision Exec(GroupState state, ExecInContainer request)
    {
        ImmutableArray<ContainerPolicy> possible = CandidatesOf(state, request.ContainerId);
        var reasons = new Reasons();
        bool started = state.Started.TryGetValue(request.ContainerId, out StartedContainer? container);
        reasons.Require(started, "container not started");
        ImmutableArray<ContainerPolicy> fitting = [.. possible.Where(candidate => ContainerChecks.Fits(candidate, request))];
        if (fitting.IsEmpty || !started)
        {
            ContainerChecks.Explain(reasons, possible, request);
            return reasons.Refuse(state);
        }

        Settled settled = Settle(fitting, request.Process, request.Privileges.Capabilities, container!.Privileged);
        return reasons.Require(settled.Explained, settled.Error).None && !settled.Candidates.IsEmpty
            ? new Decision(true, state with { Candidates = state.Candidates.SetItem(request.ContainerId, settled.Candidates) })
            {
                Environment = settled.Environment,
                Capabilities = settled.Capabilities,
            }
            : reasons.Refuse(state);
    }

    public Decision Exec(GroupState state, ExecExternal request)
    {
        var reasons = new Reasons();
        ProcessRequest process = request.Process;
        ImmutableArray<ExternalProcess> possible = [.. _permissions.ExternalProcesses(state)];
        ImmutableArray<ExternalProcess> fitting =
            [.. possible.Where(candidate => candidate.WorkingDirectory == process.WorkingDirectory && candidate.Command.SequenceEqual(process.Command))];
        if (fitting.IsEmpty)
        {
            reasons.Require(possible.Any(candidate => candidate.Command.SequenceEqual(process.Command)), "invalid command");
            reasons.Require(possible.Any(candidate => candidate.WorkingDirectory == process.WorkingDirectory), "invalid working directory");
            return reasons.Refuse(state);
        }

        ImmutableArray<string>? settled = _narrowing.SettleEnvironment(fitting.Select(candidate => candidate.Environment), process.Environment);
        ImmutableArray<ExternalProcess> remaining = settled is { } variables ? [.. fitting.Where(candidate => Narrowing.Admits(candidate.Environment, variables))] : [];
        reasons.Require(!remaining.IsEmpty, ContainerChecks.EnvironmentError(fitting.Select(candidate => candidate.Environment), process.Environment));
        reasons.Require(remaining.Select(candidate => candidate.AllowStdioAccess).Distinct().Count() < 2, "external processes only distinguishable by allow_stdio_access");
        return reasons.None
            ? new Decision(true, state) { Environment = settled, AllowStdioAccess = remaining[0].AllowStdioAccess }
            : reasons.Refuse(state);
    }

    public static Decision Signal(GroupState state, SignalProcess request)
    {
        ImmutableArray<ContainerPolicy> remaining = [.. CandidatesOf(state, request.ContainerId).Where(container => ContainerChecks.Permits(container, request))];
        return new Reasons()
            .Require(state.Started.ContainsKey(request.ContainerId), "container not started")
            .Require(!remaining.IsEmpty, "target isn't allowed to receive the signal")
            .Decide(state, () => state with { Candidates = state.Candidates.SetItem(request.ContainerId, remaining) });
    }

    // Its ID stays taken: a container that was ever created is never created again.
    public static Decision Shutdown(GroupState state, ShutdownContainer request) => new Reasons()
        .Require(state.Started.ContainsKey(request.ContainerId), "container not started")
        .Decide(state, () => state with { Candidates = state.Candidates.Remove(request.ContainerId) });

    private static ImmutableArray<ContainerPolicy> CandidatesOf(GroupState state, string id) => state.Candidates.GetValueOrDefault(id, []);

    // First by environment, then by capabilities, as the framework does: the order decides what is dropped.
    private Settled Settle(ImmutableArray<ContainerPolicy> fitting, ProcessRequest process, CapabilitySets requested, bool privileged)
    {
        ImmutableArray<string>? variables = _narrowing.SettleEnvironment(fitting.Select(container => container.Environment), process.Environment);
        ImmutableArray<ContainerPolicy> remaining = variables is { } settled ? [.. fitting.Where(container => Narrowing.Admits(container.Environment, settled))] : [];
        if (remaining.IsEmpty)
        {
            return new Settled([], null, null, ContainerChecks.EnvironmentError(fitting.Select(container => container.Environment), process.Environment));
        }

        CapabilitySets? capabilities = _narrowing.SettleCapabilities(remaining.Select(container => _checks.CapabilitiesOf(container, privileged)), requested);
        if (capabilities is null)
        {
            return new Settled([], null, null, "containers only distinguishable by capabilties");
        }

        remaining = [.. remaining.Where(container => _checks.CapabilitiesOf(container, privileged).Matches(capabilities))];
        return new Settled(remaining, variables, capabilities, remaining.IsEmpty ? "capabilities don't match" : "");
    }

    private sealed record Settled(ImmutableArray<ContainerPolicy> Candidates, ImmutableArray<string>? Environment, CapabilitySets? Capabilities, string Error)
    {
        public bool Explained => Error.Length == 0;
    }
}
