using Orchestrator.Attestation.X509;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Fragments.Transparency;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Enforcement;

/// <summary>What publishers send to running groups: fragments and lists of transparency services, told apart by their content type.</summary>
public static class PublishedStatement
{
    /// <summary>Verifies a message, and says what to ask the policy about it.</summary>
    /// <param name="message">COSE_Sign1, untrusted.</param>
    /// <param name="time">At which the signer's certificates must be valid where no time stamp says when it was signed.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="FragmentErrors"/> or, for a fragment's text, of <see cref="PolicyErrors"/>.</exception>
    public static EnforcementRequest Verify(ReadOnlyMemory<byte> message, DateTimeOffset time)
    {
        var statement = VerifiedStatement.Verify(message, time, FragmentErrors.Invalid, "The statement");
        return statement.ContentType == VerifiedTrustList.ContentType
            ? new LoadTrustList(VerifiedTrustList.Verify(statement))
            : new LoadFragment(VerifiedFragment.Verify(statement));
    }
}
