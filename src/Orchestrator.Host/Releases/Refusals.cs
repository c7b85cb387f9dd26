using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Releases;

/// <summary>Turns an agent's refusal into what every party of the job gets to read.</summary>
internal static class Refusals
{
    /// <summary>The refusal with its texts made safe and cut to bounds: they are a stranger's.</summary>
    public static ErrorDetail Describe(string party, Refusal refusal)
    {
        ErrorDetail error = RpcErrors.Printable(new ErrorDetail { Denials = { refusal.Denials } });
        error.Code = HostErrors.ReleaseRefused.Id;
        error.Message = error.Denials.Count == 0 ? $"{party} refused." : $"{party} refused: {string.Join(", ", error.Denials.Select(denial => denial.Code))}.";
        error.Remedy = HostErrors.ReleaseRefused.Remedy;
        return error;
    }
}
