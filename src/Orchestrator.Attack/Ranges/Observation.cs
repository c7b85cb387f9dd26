using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Errors;
using Denial = Orchestrator.Attestation.Policies.Denial;

namespace Orchestrator.Attack.Ranges;

/// <summary>What was seen of one attack from outside.</summary>
internal sealed class Observation
{
    private readonly List<(string Code, string Message)> _told = [];

    /// <summary>Something of the job could be had.</summary>
    public bool Delivered { get; set; }

    /// <summary>The device holds no session and no package.</summary>
    public bool Scrubbed { get; set; }

    public DeviceState DeviceState { get; set; }

    public void Note(ErrorDetail? error)
    {
        if (error is not null)
        {
            _told.AddRange(error.Denials.Select(denial => (denial.Code, $"{denial.PolicyOf}: {denial.Claim} is {denial.Observed}, expected {denial.Expected}")));
            _told.Add((error.Code, error.Message));
        }
    }

    public void Note(OrchestratorException refusal) => _told.Add((refusal.Code.Id, refusal.Message));

    public void Note(IEnumerable<Denial> refusals) =>
        _told.AddRange(refusals.Select(denial => (denial.Code, $"{denial.PolicyOf}: {denial.Claim} is {denial.Observed}, expected {denial.Expected}")));

    public void Note(string message) => _told.Add(("none", message));

    /// <summary>What was said with a code; <see langword="null"/> if that was never said.</summary>
    public string? Of(string code) => _told.FirstOrDefault(line => line.Code == code).Message;

    public override string ToString() => _told.Count == 0 ? "nobody noticed anything" : string.Join("; ", _told.Select(line => $"{line.Code}: {line.Message}"));
}
