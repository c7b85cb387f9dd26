using Orchestrator.Attestation.Quotes;

namespace Orchestrator.Attestation.Policies;

/// <summary>Proof that a party's policy accepted a verified quote; sealing a key package asks for it. Only <see cref="ReleasePolicy.Validate"/> makes one.</summary>
public sealed class ReleasePermit
{
    internal ReleasePermit(VerifiedQuote quote, string party)
    {
        Quote = quote;
        Party = party;
    }

    /// <summary>The quote that was accepted: session key, manifest and quote digests for the package.</summary>
    public VerifiedQuote Quote { get; }

    /// <summary>The party whose policy accepted it.</summary>
    public string Party { get; }
}
