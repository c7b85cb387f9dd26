using Orchestrator.Channel;
using Orchestrator.Containers.Denials;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Guest.Decisions;

/// <summary>Refusals as the host gets them: in words, and in the published envelope.</summary>
internal sealed class Denials(ExecutionPolicy policy, GroupEnvironment environment)
{
    private readonly DenialExplainer _explainer = new(policy, environment);
    private readonly DenialEnvelope _envelope = new(policy, environment);

    /// <summary>What a refusal throws.</summary>
    public DeniedException Of(GroupState state, EnforcementRequest request, Decision refusal) => new(
        GuestErrors.Denied,
        $"The policy refuses {request.Point}: {string.Join("; ", _explainer.Explain(state, request, refusal))}.",
        _envelope.Write(state, request, refusal));
}
