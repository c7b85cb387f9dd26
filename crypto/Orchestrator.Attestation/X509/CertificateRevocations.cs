using System.Formats.Asn1;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.X509;

/// <summary>A list of revoked certificates (RFC 5280 section 5) whose signature was verified.</summary>
public sealed class CertificateRevocations
{
    private readonly HashSet<string> _serials;

    private CertificateRevocations(HashSet<string> serials) => _serials = serials;

    /// <summary>Reads a list and verifies it.</summary>
    /// <param name="der">The list.</param>
    /// <param name="issuer">Who has to have signed it.</param>
    /// <param name="time">At which it has to be current.</param>
    /// <param name="invalid">The code to fail with.</param>
    /// <exception cref="OrchestratorException"><paramref name="invalid"/>.</exception>
    public static CertificateRevocations Verify(ReadOnlyMemory<byte> der, SignedCertificate issuer, DateTimeOffset time, ErrorCode invalid)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        try
        {
            SignedObject signed = SignedObject.Parse(der);
            AsnReader list = new AsnReader(signed.SignedPart, AsnEncodingRules.DER).ReadSequence();
            if (list.PeekTag() == Asn1Tag.Integer)
            {
                list.ReadInteger();
            }

            list.ReadSequence();
            ReadOnlyMemory<byte> name = list.ReadEncodedValue();
            DateTimeOffset issued = ReadTime(list);
            DateTimeOffset next = ReadTime(list);
            if (!name.Span.SequenceEqual(issuer.SubjectName.Span) || !signed.IsSignedBy(issuer))
            {
                throw new OrchestratorException(invalid, $"The list of revoked certificates is not signed by {issuer.CommonName}.");
            }

            return issued <= time && time <= next
                ? new CertificateRevocations(ReadSerials(list))
                : throw new OrchestratorException(invalid, $"The list of revoked certificates is for {issued:u} to {next:u}, not for {time:u}.");
        }
        catch (AsnContentException e)
        {
            throw new OrchestratorException(invalid, $"The list of revoked certificates cannot be read: {e.Message.TrimEnd('.')}.", inner: e);
        }
    }

    /// <summary>Whether the issuer has revoked <paramref name="certificate"/>.</summary>
    public bool Contains(SignedCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return _serials.Contains(Convert.ToHexString(certificate.Serial.Span));
    }

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static HashSet<string> ReadSerials(AsnReader list)
    {
        var serials = new HashSet<string>(StringComparer.Ordinal);
        if (list.HasData && list.PeekTag() == Asn1Tag.Sequence)
        {
            AsnReader entries = list.ReadSequence();
            while (entries.HasData)
            {
                serials.Add(Convert.ToHexString(entries.ReadSequence().ReadIntegerBytes().Span));
            }
        }

        return serials;
    }
}
