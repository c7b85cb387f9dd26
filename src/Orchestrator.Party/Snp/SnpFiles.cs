using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Errors;

namespace Orchestrator.Sdk.Snp;

/// <summary>Reads SEV-SNP evidence as it is found in the field. Nothing is verified by reading: docs/spec/snp-evidence.md, "Files".</summary>
public static class SnpFiles
{
    private const int MaxBytes = 1 << 20;
    private const int TableEntry = 24;
    private const int MaxTableEntries = 16;

    /// <summary>Whether a file seems to hold a report, or something cut from one.</summary>
    /// <exception cref="OrchestratorException">It cannot be read.</exception>
    public static bool HoldsReport(string path) =>
        Wrapping.Unwrap(LocalFile.ReadAllBytes(path, MaxBytes, SnpErrors.ReportMalformed)).Any(StartsLikeReport);

    /// <summary>Reads a report, and the certificates behind it where a guest got both at once (the certificate table of publication 56421).</summary>
    /// <exception cref="OrchestratorException"><see cref="SnpErrors.ReportMalformed"/>, or the file cannot be read.</exception>
    public static (SnpReport Report, IReadOnlyList<SignedCertificate> Certificates) ReadReport(string path)
    {
        IReadOnlyList<byte[]> pieces = Wrapping.Unwrap(LocalFile.ReadAllBytes(path, MaxBytes, SnpErrors.ReportMalformed));
        byte[][] reports = [.. pieces.Where(StartsLikeReport)];
        byte[] report = reports switch
        {
            [] => pieces[0],
            [var only] => only,
            _ => throw new OrchestratorException(SnpErrors.ReportMalformed, $"{path} holds {reports.Length} reports instead of one."),
        };
        return report.Length > SnpReport.Size
            ? (SnpReport.Parse(report.AsSpan(0, SnpReport.Size)), TryReadTable(report.AsMemory(SnpReport.Size))
                ?? throw new OrchestratorException(SnpErrors.ReportMalformed, "What follows the attestation report is no table of certificates."))
            : (SnpReport.Parse(report), CertificatesIn(pieces));
    }

    /// <summary>Reads certificates: DER, PEM, texts of a JSON file that hold them, or a guest's table.</summary>
    /// <exception cref="OrchestratorException"><see cref="SnpErrors.CertificatesMissing"/>, <see cref="AttestationErrors.CertificateInvalid"/>, or the file cannot be read.</exception>
    public static IReadOnlyList<SignedCertificate> ReadCertificates(string path)
    {
        IReadOnlyList<byte[]> pieces = Wrapping.Unwrap(LocalFile.ReadAllBytes(path, MaxBytes, AttestationErrors.CertificateInvalid));
        IReadOnlyList<SignedCertificate> certificates = CertificatesIn(pieces) is { Count: > 0 } listed ? listed : TryReadTable(pieces[0]) ?? [];
        return certificates.Count > 0 ? certificates : throw new OrchestratorException(SnpErrors.CertificatesMissing, $"{path} holds no certificate.");
    }

    /// <summary>Reads an endorsement: COSE_Sign1, wrapped or not.</summary>
    /// <exception cref="OrchestratorException"><see cref="SnpErrors.EndorsementInvalid"/>, or the file cannot be read.</exception>
    public static ReadOnlyMemory<byte> ReadEndorsement(string path)
    {
        IReadOnlyList<byte[]> pieces = Wrapping.Unwrap(LocalFile.ReadAllBytes(path, MaxBytes, SnpErrors.EndorsementInvalid));
        return pieces.FirstOrDefault(piece => piece is [0xD2, ..]) ?? pieces[0];
    }

    /// <summary>Reads a list of revoked certificates, DER or PEM.</summary>
    /// <exception cref="OrchestratorException">The file cannot be read.</exception>
    public static ReadOnlyMemory<byte> ReadRevocations(string path)
    {
        byte[] file = LocalFile.ReadAllBytes(path, MaxBytes, SnpErrors.RevocationListInvalid);
        string text = Encoding.Latin1.GetString(file);
        return PemEncoding.TryFind(text, out PemFields fields) ? Convert.FromBase64String(text[fields.Base64Data]) : file;
    }

    private static List<SignedCertificate> CertificatesIn(IReadOnlyList<byte[]> pieces)
    {
        var certificates = new List<SignedCertificate>();
        foreach (byte[] piece in pieces)
        {
            if (piece is [0x30, 0x82, ..])
            {
                certificates.Add(SignedCertificate.Parse(piece));
            }
            else if (piece.AsSpan().IndexOf("-----BEGIN CERTIFICATE-----"u8) is >= 0 and var start)
            {
                // A JSON file holds its texts' PEM escaped; those texts come as pieces of their own.
                certificates.AddRange(piece[0] is (byte)'{' or (byte)'[' ? [] : SignedCertificate.ParsePem(Encoding.Latin1.GetString(piece[start..])));
            }
        }

        return [.. certificates.DistinctBy(certificate => Convert.ToHexString(certificate.Der.Span))];
    }

    // Entries of GUID, offset, length, up to one of zeros; offsets start at the table.
    private static List<SignedCertificate>? TryReadTable(ReadOnlyMemory<byte> table)
    {
        var certificates = new List<SignedCertificate>();
        for (int i = 0; i < MaxTableEntries && (i + 1) * TableEntry <= table.Length; i++)
        {
            ReadOnlySpan<byte> entry = table.Span.Slice(i * TableEntry, TableEntry);
            if (!entry.ContainsAnyExcept((byte)0))
            {
                return certificates;
            }

            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
            if ((ulong)offset + length > (ulong)table.Length)
            {
                return null;
            }

            certificates.AddRange(CertificatesIn([table.Slice((int)offset, (int)length).ToArray()]));
        }

        return null;
    }

    private static bool StartsLikeReport(byte[] bytes) => bytes.Length > 4 && bytes[0] is > 0 and < 16 && !bytes.AsSpan(1, 3).ContainsAnyExcept((byte)0);
}
