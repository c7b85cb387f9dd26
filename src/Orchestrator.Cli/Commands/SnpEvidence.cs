using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Sdk;
using Orchestrator.Sdk.Snp;

namespace Orchestrator.Cli.Commands;

/// <summary>What to judge a report by, as the command line says it; null and empty: not judged, which the output says.</summary>
internal sealed record SnpRequest
{
    public required IReadOnlyList<string> Certificates { get; init; }

    public required IReadOnlyList<string> Roots { get; init; }

    public required IReadOnlyList<Measurement> Measurements { get; init; }

    public string? Endorsement { get; init; }

    public string? Endorser { get; init; }

    public string? Revocations { get; init; }

    public byte[]? PolicyDigest { get; init; }

    public byte[]? ReportData { get; init; }

    /// <summary>What is accepted by name: debug, migration, simulated, sandbox.</summary>
    public required IReadOnlyList<string> Allowed { get; init; }

    public uint MaximumVmpl { get; init; }
}

/// <summary><c>orchestrator evidence</c> for reports of SEV-SNP processors.</summary>
internal static class SnpEvidence
{
    private const string Kind = "snp-report";

    public static void Show(Terminal terminal, string path)
    {
        (SnpReport report, IReadOnlyList<SignedCertificate> certificates) = SnpFiles.ReadReport(path);
        IReadOnlyList<ClaimText> claims = report.Describe(SnpProduct.LikelyOf(report));
        terminal.Result(
            new { kind = Kind, verified = false, digest = Name(report), claims = Names(claims), certificates = certificates.Select(ToJson) },
            string.Join('\n', [$"evidence {Name(report)} ({Kind}), NOT VERIFIED", .. claims.Select(Line), .. certificates.Select(Line)]));
    }

    public static void Verify(Terminal terminal, string path, SnpRequest request, DateTimeOffset time)
    {
        (SnpReport report, IReadOnlyList<SignedCertificate> found) = SnpFiles.ReadReport(path);
        IReadOnlyList<SignedCertificate> presented = [.. request.Certificates.SelectMany(SnpFiles.ReadCertificates), .. request.Certificates.Count > 0 ? [] : found];
        if (presented.Count == 0)
        {
            throw new OrchestratorException(SnpErrors.CertificatesMissing, $"No certificates were given for the report of {path}: use --certs.");
        }

        IEnumerable<SnpProduct> products = request.Roots.Count == 0 ? SnpProduct.All : request.Roots.SelectMany(SnpFiles.ReadCertificates).Select(SnpProduct.Under);
        ReadOnlyMemory<byte>? revocations = request.Revocations is { } list ? SnpFiles.ReadRevocations(list) : (ReadOnlyMemory<byte>?)null;
        var verified = VerifiedSnpReport.Verify(report, SnpChain.Verify(presented, products, time, revocations));
        VerifiedEndorsement? endorsement = request.Endorsement is { } file ? VerifiedEndorsement.Verify(SnpFiles.ReadEndorsement(file), time) : null;
        ImmutableArray<Denial> denials = PolicyOf(request).Assess(verified, endorsement);
        Print(terminal, verified, endorsement, request, denials);
        if (!denials.IsEmpty)
        {
            throw new OrchestratorException(ResultErrors.EvidenceRefused, $"There are {denials.Length} reasons against the report: {string.Join(", ", denials.Select(denial => denial.Code))}.");
        }
    }

    private static SnpPolicy PolicyOf(SnpRequest request) => new()
    {
        Party = "you",
        Measurements = request.Measurements.Count > 0 ? [.. request.Measurements] : null,
        Endorsers = request.Endorser is { } publisher ? [new SnpEndorser(publisher)] : null,
        AllowUnknownMeasurement = request.Measurements.Count == 0,
        PolicyDigest = Bytes(request.PolicyDigest),
        ReportData = Bytes(request.ReportData),
        MaximumVmpl = request.MaximumVmpl,
        AllowDebug = request.Allowed.Contains("debug"),
        AllowMigration = request.Allowed.Contains("migration"),
        AllowSimulated = request.Allowed.Contains("simulated"),
        AllowSandbox = request.Allowed.Contains("sandbox"),
        AllowUnknownRevocation = request.Revocations is null,
    };

    private static void Print(Terminal terminal, VerifiedSnpReport verified, VerifiedEndorsement? endorsement, SnpRequest request, ImmutableArray<Denial> denials)
    {
        string verdict = denials.IsEmpty ? "accepted" : "refused";
        IReadOnlyList<ClaimText> claims = verified.Report.Describe(verified.Chain.Product);
        SignedCertificate[] chain = [verified.Chain.Chip.Certificate, verified.Chain.Intermediate, verified.Chain.Product.Root];
        string[] unjudged = [.. Unjudged(request)];
        terminal.Result(
            new
            {
                kind = Kind,
                verified = true,
                verdict,
                digest = Name(verified.Report),
                product = verified.Chain.Chip.ProductName,
                product_line = verified.Chain.Product.Name,
                claims = Names(claims),
                certificates = chain.Select(ToJson),
                endorsement = endorsement is null ? null : new { endorsement.Issuer, endorsement.Feed, endorsement.GuestSvn, measurement = endorsement.Measurement.ToString(), judged_at = endorsement.JudgedAt },
                not_judged = unjudged,
                denials,
            },
            string.Join('\n',
            [
                $"evidence {Name(verified.Report)} ({Kind}), verified",
                .. claims.Select(Line),
                Line(new ClaimText("product", $"{verified.Chain.Chip.ProductName} (line {verified.Chain.Product})")),
                .. chain.Select(Line),
                .. endorsement is null ? Array.Empty<string>() : [Line(new ClaimText("endorsement", $"{endorsement.Feed}, guest svn {endorsement.GuestSvn}, by {endorsement.Issuer}"))],
                .. unjudged.Select(what => Line(new ClaimText("not judged", what))),
                .. denials.Select(Explainer.Describe),
                $"verdict: {verdict}",
            ]));
    }

    private static IEnumerable<string> Unjudged(SnpRequest request)
    {
        if (request.PolicyDigest is null)
        {
            yield return "host_data: name --policy-digest";
        }

        if (request.ReportData is null)
        {
            yield return "report_data, hence freshness: name --report-data";
        }

        if (request.Measurements.Count == 0 && request.Endorsement is null)
        {
            yield return "measurement: name --endorsement or --measurement";
        }

        if (request.Endorsement is not null && request.Endorser is null)
        {
            yield return "the endorsement's issuer: name --endorser";
        }

        if (request.Revocations is null)
        {
            yield return "revocation: name --crl";
        }
    }

    // A null array would silently become an empty memory.
    private static ReadOnlyMemory<byte>? Bytes(byte[]? bytes) => bytes is null ? (ReadOnlyMemory<byte>?)null : bytes;

    private static string Name(SnpReport report) => Digest.Of(report.Bytes.Span).ToString();

    private static Dictionary<string, string> Names(IReadOnlyList<ClaimText> claims) => claims.ToDictionary(claim => claim.Name, claim => claim.Value);

    private static string Line(ClaimText claim) => $"  {claim.Name,-24}{claim.Value}";

    private static string Line(SignedCertificate certificate) =>
        string.Create(CultureInfo.InvariantCulture, $"  {"certificate",-24}{certificate.CommonName}, {certificate.NotBefore:u} to {certificate.NotAfter:u}");

    private static object ToJson(SignedCertificate certificate) => new
    {
        subject = certificate.Subject,
        serial = Convert.ToHexStringLower(certificate.Serial.Span),
        not_before = certificate.NotBefore,
        not_after = certificate.NotAfter,
        fingerprint = Convert.ToHexStringLower(SHA256.HashData(certificate.Der.Span)),
    };
}
