using Orchestrator.Attestation.Policies;
using Orchestrator.Contracts;

namespace Orchestrator.Cli;

/// <summary>Explains a refusal: what was looked at, what would have been accepted, what was found, whose rule it is, and what would help.</summary>
internal static class Explainer
{
    public static string Describe(Denial denial) =>
        $"""
          {denial.Code}
            claim     {denial.Claim}
            expected  {denial.Expected}
            observed  {denial.Observed}
            policy of {denial.PolicyOf}
            remedy    {denial.Remedy}
        """;

    /// <summary>A refusal that a host relays: no text of it can pass for another line.</summary>
    public static string Describe(Contracts.Protocol.Denial denial) =>
        Describe(new Denial(
            RpcErrors.Printable(denial.Code),
            RpcErrors.Printable(denial.Claim),
            RpcErrors.Printable(denial.Expected),
            RpcErrors.Printable(denial.Observed),
            RpcErrors.Printable(denial.PolicyOf),
            RpcErrors.Printable(denial.Remedy)));
}
