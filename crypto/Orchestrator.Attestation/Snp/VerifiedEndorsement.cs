using System.Globalization;
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
        var statement = VerifiedStatement.Verify(message, time, SnpErrors.EndorsementInvalid, "The endorsement");
        try
        {
            using JsonDocument claims = JsonDocument.Parse(statement.Payload);
            return statement.Receipts.IsEmpty
                ? new VerifiedEndorsement(statement.Issuer, statement.Feed, statement.JudgedAt, claims.RootElement)
                : throw Invalid("there is something outside the signature besides a time stamp");
        }
        catch (Exception e) when (e is InvalidOperationException or JsonException or FormatException or KeyNotFoundException or ArgumentException or OverflowException)
        {
            throw Invalid($"it cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    private static OrchestratorException Invalid(string finding, Exception? inner = null) =>
        new(SnpErrors.EndorsementInvalid, $"The endorsement does not hold: {finding}.", inner: inner);
}
