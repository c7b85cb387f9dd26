using System.Formats.Asn1;

namespace Orchestrator.Attestation.X509;

/// <summary>Further names of a certificate's subject (RFC 5280 section 4.2.1.6).</summary>
internal static class SubjectAlternativeName
{
    private const string Oid = "2.5.29.17";

    /// <summary>Whether the certificate has the name.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="kind"><c>email</c>, <c>dns</c> or <c>uri</c>.</param>
    /// <param name="value">The name.</param>
    public static bool Contains(SignedCertificate certificate, string kind, string value)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, kind switch { "email" => 1, "dns" => 2, _ => 6 });
        foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == Oid))
        {
            try
            {
                AsnReader names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag().HasSameClassAndValue(tag))
                    {
                        if (names.ReadCharacterString(UniversalTagNumber.IA5String, tag) == value)
                        {
                            return true;
                        }
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
            catch (AsnContentException)
            {
                return false;
            }
        }

        return false;
    }
}
