using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cose;

/// <summary>Ways in which bytes fail to be a signed object. That a signature is wrong is a result, not an error (<see cref="CoseSign1.TryVerify(Signatures.VerificationKey, string, out VerifiedPayload, ReadOnlySpan{byte})"/>).</summary>
public static class CoseErrors
{
    /// <summary>CBOR, but not the COSE_Sign1 that <c>docs/spec/cose.md</c> describes.</summary>
    public static readonly ErrorCode Malformed = new(
        "cose-malformed",
        ErrorClass.Input,
        "The object is not a COSE_Sign1 message of the form used here.",
        "Ask whoever made the object for an unaltered copy, made by a matching version.");
}
