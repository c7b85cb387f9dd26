using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Attestation.X509;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Snp;

/// <summary>
/// A publisher's statement of what a utility VM measures, verified: COSE_Sign1 with the publisher's chain, a did:x509 issuer, a feed, and
/// claims in JSON. Only <see cref="Verify"/> makes one. Whether the issuer is one to trust is for a policy to say.
/// </summary>
public sealed class VerifiedEndorsement
{
    private const string MeasurementClaim = "x-ms-sevsnpvm-launchmeasurement";
    private const string SvnClaim = "x-ms-sevsnpvm-guestsvn";

    private VerifiedEndorsement(string issuer, string feed, DateTimeOffset judgedAt, JsonElement claims)
    {
        Issuer = issuer;
        Feed = feed;
        JudgedAt = judgedAt;
        Measurement = new Measurement(Convert.FromHexString(claims.GetProperty(MeasurementClaim).GetString()!));
        GuestSvn = uint.Parse(claims.GetProperty(SvnClaim).GetString()!, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// <summary>did:x509 of the publisher; the signer's chain is the identifier's.</summary>
    public string Issuer { get; }

    /// <summary>What of the publisher's it is.</summary>
    public string Feed { get; }

    /// <summary>The time at which the publisher's certificates were found valid: of the time stamp, or the verifier's.</summary>
    public DateTimeOffset JudgedAt { get; }

    /// <summary>What a guest of it measures.</summary>
    public Measurement Measurement { get; }

    /// <summary>Its security version.</summary>
    public uint GuestSvn { get; }

    /// <summary>Verifies an endorsement.</summary>
    /// <param name="message">Untrusted.</param>
    /// <param name="time">At which the publisher's certificates must be valid where no time stamp says when it was signed.</param>
    /// <exception cref="OrchestratorException"><see cref="SnpErrors.EndorsementInvalid"/>.</exception>
    public static VerifiedEndorsement Verify(ReadOnlyMemory<byte> message, DateTimeOffset time)
    {
        try
        {
            EndorsementMessage endorsement = EndorsementMessage.Parse(message);
            DateTimeOffset judgedAt = endorsement.TimeStamp is { } stamp ? TimeOf(stamp, endorsement.Signature) : time;
            ImmutableArray<SignedCertificate> chain = [.. endorsement.Certificates.Select(SignedCertificate.Parse)];
            RequireChain(chain, judgedAt);
            Require(endorsement.IsSignedBy(chain[0]), $"it is not signed by {chain[0].CommonName}");
            Require(DidX509.TryParse(endorsement.Issuer)?.Resolves(chain) == true, $"its chain is not that of {endorsement.Issuer}");
            using JsonDocument claims = JsonDocument.Parse(endorsement.Payload);
            return new VerifiedEndorsement(endorsement.Issuer, endorsement.Feed, judgedAt, claims.RootElement);
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or JsonException or FormatException or KeyNotFoundException or CryptographicException or ArgumentException or OverflowException)
        {
            throw Invalid($"it cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    // Publishers sign with certificates of one year; the stamp says that this one was valid then.
    private static DateTimeOffset TimeOf(ReadOnlyMemory<byte> stamp, ReadOnlyMemory<byte> signature) =>
        TimeStamp.Verify(stamp, signature)?.Time ?? throw Invalid("its time stamp is malformed or for something else");

    private static void RequireChain(ImmutableArray<SignedCertificate> chain, DateTimeOffset time)
    {
        Require(chain.Length > 1, "it has no chain");
        for (int i = 0; i < chain.Length; i++)
        {
            Require(chain[i].IsIssuedBy(chain[Math.Min(i + 1, chain.Length - 1)]), $"the certificate of {chain[i].CommonName} is not issued by the next one");
            Require(chain[i].IsValidAt(time), $"the certificate of {chain[i].CommonName} is not valid at {time:u}");
        }
    }

    private static void Require(bool holds, string finding)
    {
        if (!holds)
        {
            throw Invalid(finding);
        }
    }

    private static OrchestratorException Invalid(string finding, Exception? inner = null) =>
        new(SnpErrors.EndorsementInvalid, $"The endorsement does not hold: {finding}.", inner: inner);
}
