using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Releases;

/// <summary>Turns an agent's refusal into what every party of the job gets to read.</summary>
internal static class Refusals
{
    private const int MaximumDenials = 64;

    /// <summary>The refusal with its texts made safe and cut to bounds: they are a stranger's.</summary>
    public static ErrorDetail Describe(string party, Refusal refusal)
    {
        IEnumerable<Denial> denials = refusal.Denials.Take(MaximumDenials).Select(denial => new Denial
        {
            Code = RpcErrors.Printable(denial.Code),
            Claim = RpcErrors.Printable(denial.Claim),
            Expected = RpcErrors.Printable(denial.Expected),
            Observed = RpcErrors.Printable(denial.Observed),
            PolicyOf = RpcErrors.Printable(denial.PolicyOf),
            Remedy = RpcErrors.Printable(denial.Remedy),
        });
        string codes = string.Join(", ", refusal.Denials.Take(MaximumDenials).Select(denial => RpcErrors.Printable(denial.Code)));
        var error = new ErrorDetail
        {
            Code = HostErrors.ReleaseRefused.Id,
            Message = codes.Length == 0 ? $"{party} refused." : $"{party} refused: {codes}.",
            Remedy = HostErrors.ReleaseRefused.Remedy,
        };
        error.Denials.AddRange(denials);
        return error;
    }
}
