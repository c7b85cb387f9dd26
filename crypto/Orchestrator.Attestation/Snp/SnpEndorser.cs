namespace Orchestrator.Attestation.Snp;

/// <summary>A publisher whose endorsements of launch measurements a party relies on.</summary>
/// <param name="Issuer">did:x509 of the publisher.</param>
/// <param name="Feed">What of the publisher's it has to be; null: anything.</param>
/// <param name="MinimumSvn">Least security version that the endorsement gives its image.</param>
public sealed record SnpEndorser(string Issuer, string? Feed = null, uint MinimumSvn = 0)
{
    /// <summary>Whether it is this publisher's, of whatever version.</summary>
    public bool Made(VerifiedEndorsement endorsement)
    {
        ArgumentNullException.ThrowIfNull(endorsement);
        return endorsement.Issuer == Issuer && (Feed is null || endorsement.Feed == Feed);
    }

    /// <summary>For people.</summary>
    public override string ToString() => Feed is null ? Issuer : $"{Feed} of {Issuer}";
}
