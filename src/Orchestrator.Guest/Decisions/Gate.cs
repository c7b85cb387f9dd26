using Orchestrator.Channel.Decisions;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;

namespace Orchestrator.Guest.Decisions;

/// <summary>
/// The one way to change anything in the group: asks the policy, performs the effect, and only then takes the next state over. One request at a
/// time; a refusal or a failed effect leaves everything as it was. What can be neither done nor undone closes the gate for good.
/// </summary>
/// <param name="log">Notes every decision.</param>
internal sealed class Gate(DecisionLog log)
{
    private readonly SemaphoreSlim _turn = new(1);
    private Rules? _rules;

    /// <summary>What the engine remembers.</summary>
    public GroupState State { get; private set; } = GroupState.Initial;

    /// <summary>Why nothing is done any more; null: all is well.</summary>
    public string? Inconsistency { get; private set; }

    /// <summary>Opens the gate to what a policy admits; once.</summary>
    /// <param name="read">Reads the policy, and says what it is noted as.</param>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.PolicySet"/>, or what <paramref name="read"/> throws.</exception>
    public async Task OpenAsync(Func<Task<(ExecutionPolicy Policy, GroupEnvironment Environment, string Name)>> read)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_rules is not null)
            {
                throw new OrchestratorException(GuestErrors.PolicySet, "The policy was set before.");
            }

            (ExecutionPolicy policy, GroupEnvironment environment, string name) = await read().ConfigureAwait(false);
            log.Append(DecisionEntry.SetPolicy, name, Outcome.Done, []);
            _rules = new Rules(new PolicyEngine(policy, environment), new Denials(policy, environment));
            _ = Task.Run(_rules.Engine.Rehearse);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Does one thing, if the policy admits it.</summary>
    /// <param name="prepare">Makes the request. Nothing else changes in the group from then on until the effect has ended.</param>
    /// <param name="effect">Does it, wholly or not at all; <see cref="GuestErrors.UnmountFailed"/> says that it stays half done.</param>
    /// <exception cref="OrchestratorException">A denial, or what <paramref name="prepare"/> or <paramref name="effect"/> throws.</exception>
    public async Task<T> PerformAsync<T>(Func<EnforcementRequest> prepare, Func<Decision, Task<T>> effect)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            Rules rules = _rules ?? throw new OrchestratorException(GuestErrors.PolicyMissing, "No policy was set.");
            RequireConsistency();
            log.RequireRoom();
            EnforcementRequest request = Prepare(prepare);
            Decision decision = rules.Engine.Decide(State, request);
            if (!decision.Allowed)
            {
                log.Append(request.Point, request.Subject(), Outcome.Refused, decision.Errors);
                throw rules.Denials.Of(State, request, decision);
            }

            T result = await DoAsync(request, decision, effect).ConfigureAwait(false);
            State = decision.Next;
            log.Append(request.Point, request.Subject(), Outcome.Done, []);
            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    // What the request is about, such as a container's own files, may be unreadable.
    private static EnforcementRequest Prepare(Func<EnforcementRequest> prepare)
    {
        try
        {
            return prepare();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OrchestratorException(GuestErrors.RequestInvalid, $"What the request is about cannot be read: {e.Message}", inner: e);
        }
    }

    private async Task<T> DoAsync<T>(EnforcementRequest request, Decision decision, Func<Decision, Task<T>> effect)
    {
        try
        {
            return await effect(decision).ConfigureAwait(false);
        }
        catch (OrchestratorException e) when (e.Code == GuestErrors.UnmountFailed)
        {
            Inconsistency = e.Message;
            log.Append(request.Point, request.Subject(), Outcome.Stuck, [e.Message]);
            throw;
        }
        catch (OrchestratorException e)
        {
            log.Append(request.Point, request.Subject(), Outcome.Undone, [e.Code.Id]);
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            log.Append(request.Point, request.Subject(), Outcome.Undone, [GuestErrors.EffectFailed.Id]);
            throw new OrchestratorException(GuestErrors.EffectFailed, $"{request.Point} was admitted and failed: {e.Message}", inner: e);
        }
    }

    private void RequireConsistency()
    {
        if (Inconsistency is { } finding)
        {
            throw new OrchestratorException(GuestErrors.Inconsistent, $"The group is inconsistent: {finding}");
        }
    }

    private sealed record Rules(PolicyEngine Engine, Denials Denials);
}
