using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation.X509;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Snp;

/// <summary>What the certificate of a signing key says (publications 57230 and 59290: VCEK, VLEK). Nothing is verified by reading it.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="ProductName">As the vendor writes it, e.g. <c>Milan-B0</c>.</param>
/// <param name="Tcb">Version by component.</param>
/// <param name="ChipId">Of a VCEK; null for a VLEK.</param>
/// <param name="CloudProvider">Of a VLEK; null for a VCEK.</param>
public sealed record SnpChipCertificate(
    SignedCertificate Certificate, string ProductName, IReadOnlyDictionary<string, byte> Tcb, ReadOnlyMemory<byte>? ChipId, string? CloudProvider)
{
    private const string Arc = "1.3.6.1.4.1.3704.1";

    private static readonly (string Name, string Oid)[] Components =
    [
        ("boot_loader", $"{Arc}.3.1"), ("tee", $"{Arc}.3.2"), ("snp", $"{Arc}.3.3"), ("microcode", $"{Arc}.3.8"), ("fmc", $"{Arc}.3.9"),
    ];

    /// <summary>The kind of key: a VCEK names its chip, a VLEK its cloud provider.</summary>
    public SnpSigningKey Kind => ChipId is null ? SnpSigningKey.Vlek : SnpSigningKey.Vcek;

    /// <summary>Reads a certificate's extensions.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="product">Says how many bytes of a chip's ID its certificate holds.</param>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.CertificateInvalid"/>.</exception>
    public static SnpChipCertificate Read(SignedCertificate certificate, SnpProduct product)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(product);
        try
        {
            Dictionary<string, ReadOnlyMemory<byte>> extensions = certificate.Extensions.ToDictionary(extension => extension.Oid!.Value!, extension => (ReadOnlyMemory<byte>)extension.RawData);
            ReadOnlyMemory<byte>? chip = extensions.TryGetValue($"{Arc}.4", out ReadOnlyMemory<byte> id) ? ReadChipId(id, product.ChipIdBytes) : (ReadOnlyMemory<byte>?)null; // A plain null would become an empty memory.
            string? provider = extensions.TryGetValue($"{Arc}.5", out ReadOnlyMemory<byte> csp) ? ReadText(csp) : null;
            if (chip is null == provider is null)
            {
                throw new AsnContentException("it names neither a chip nor a cloud provider, or both");
            }

            var tcb = Components.Where(part => extensions.ContainsKey(part.Oid)).ToDictionary(part => part.Name, part => ReadByte(extensions[part.Oid]));
            return new SnpChipCertificate(certificate, ReadText(extensions[$"{Arc}.2"]), tcb, chip, provider);
        }
        catch (Exception e) when (e is AsnContentException or KeyNotFoundException or ArgumentException)
        {
            throw new OrchestratorException(AttestationErrors.CertificateInvalid, $"The certificate of {certificate.Subject} is no VCEK or VLEK certificate: {e.Message.TrimEnd('.')}.", inner: e);
        }
    }

    // Certificates hold the bytes themselves, which a type and a length may precede. The length alone tells: an ID can begin like a type.
    private static ReadOnlyMemory<byte> ReadChipId(ReadOnlyMemory<byte> value, int length)
    {
        if (value.Length == length)
        {
            return value;
        }

        var reader = new AsnReader(value, AsnEncodingRules.DER);
        byte[] chip = reader.ReadOctetString();
        reader.ThrowIfNotEmpty();
        return chip.Length == length ? chip : throw new AsnContentException($"its chip ID has {chip.Length} bytes, not {length}");
    }

    private static string ReadText(ReadOnlyMemory<byte> value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        string text = reader.ReadCharacterString(UniversalTagNumber.IA5String);
        reader.ThrowIfNotEmpty();
        return text;
    }

    private static byte ReadByte(ReadOnlyMemory<byte> value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        bool isByte = reader.TryReadUInt8(out byte number);
        reader.ThrowIfNotEmpty();
        return isByte ? number : throw new AsnContentException("a version is not between 0 and 255");
    }
}

file static class AsnReaderExtensions
{
    public static bool TryReadUInt8(this AsnReader reader, out byte value)
    {
        bool read = reader.TryReadUInt32(out uint number) && number <= byte.MaxValue;
        value = (byte)number;
        return read;
    }
}
