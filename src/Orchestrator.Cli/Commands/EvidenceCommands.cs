using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Errors;
using Orchestrator.Sdk;
using Orchestrator.Sdk.Snp;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator evidence</c>: what a device says of itself, offline.</summary>
internal static class EvidenceCommands
{
    private const string Kind = "itx-quote";

    public static Command Create(Terminal terminal) => CliCommand.Group(
        "evidence", "Look at what a device or a confidential container group says of itself, and judge it, without any host.", Show(terminal), Verify(terminal));

    private static CliCommand Show(Terminal terminal)
    {
        Argument<string> file = FileArgument();
        var command = new CliCommand(
            "show",
            "Print every claim and certificate of a device's evidence, or every field of an SEV-SNP attestation report. Nothing is verified but that a device's claims belong to the certificates beside them: anybody can make such evidence.",
            "orchestrator evidence show evidence.cose",
            "orchestrator evidence show report.bin",
            "orchestrator evidence show result/receipt.cose --json")
        {
            file,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            if (SnpFiles.HoldsReport(path))
            {
                SnpEvidence.Show(terminal, path);
                return;
            }

            Evidence evidence = EvidenceCheck.ReadFile(path);
            Quote claims = EvidenceVerifier.ReadUnverified(evidence, out IReadOnlyList<DeviceCertificate> certificates);
            terminal.Result(
                new { kind = Kind, verified = false, digest = evidence.Digest.ToString(), claims = Names(claims), certificates = certificates.Select(ToJson) },
                $"{Heading(evidence)}, NOT VERIFIED\n{Text(claims)}\n{Text(certificates)}");
        });
        return command;
    }

    private static CliCommand Verify(Terminal terminal)
    {
        Argument<string> file = FileArgument();
        var policy = new Option<string?>("--policy") { Description = "Whose roots and rules, for a device's evidence: a release policy.", HelpName = "FILE" };
        var collateral = new Option<string?>("--collateral") { Description = "The vendor's collateral, in place of the policy's.", HelpName = "FILE" };
        var at = new Option<DateTimeOffset?>("--at") { Description = "Judge as of this time, such as 2027-03-01T12:00:00Z, in place of now.", HelpName = "TIME", CustomParser = ParseTime };
        var snp = new SnpOptions();
        var command = new CliCommand(
            "verify",
            "Verify evidence and judge it. A device's: certificates, times, collateral, signature, then every rule of a release policy; what belongs to a session (manifest, nonces, checkpoint) is printed and not judged. An SEV-SNP attestation report's: certificates up to the vendor's root, signature, TCB and chip, then what the options name; what no option names is said not to be judged. Prints every claim and a verdict.",
            "orchestrator evidence verify evidence.cose --policy policy.yaml",
            "orchestrator evidence verify result/receipt.cose --policy policy.yaml --collateral collateral.cose --at 2027-03-01T12:00:00Z",
            "orchestrator evidence verify report.bin --certs platform.json --policy-digest 4f4448c67f3c8dfc8de8a5e37125d807dadcc41f06cf23f615dbd52eec777d10",
            "orchestrator evidence verify report.bin --certs vcek.der --certs cert_chain.pem --crl milan.crl --endorsement reference-info-base64")
        {
            file, policy, collateral, at,
        };
        snp.AddTo(command);
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            TimeProvider clock = parsed.GetValue(at) is { } time ? new StoppedClock(time) : terminal.Clock;
            if (snp.Read(parsed) is var request && (request.Certificates.Count > 0 || SnpFiles.HoldsReport(path)))
            {
                SnpEvidence.Verify(terminal, path, request, clock.GetUtcNow());
                return;
            }

            string rules = parsed.GetValue(policy) ?? throw new OrchestratorException(CliErrors.Usage, "Option '--policy' is required for the evidence of a device.");
            VerifyDevice(terminal, EvidenceCheck.ReadFile(path), PartyPolicy.Read(rules, "you"), clock, parsed.GetValue(collateral));
        });
        return command;
    }

    private static void VerifyDevice(Terminal terminal, Evidence evidence, PartyPolicy policy, TimeProvider clock, string? collateral)
    {
        (VerifiedQuote quote, IReadOnlyList<Denial> denials) = EvidenceCheck.Verify(evidence, policy, clock, collateral);
        Print(terminal, quote, denials);
        if (denials.Count > 0)
        {
            throw new OrchestratorException(ResultErrors.EvidenceRefused, $"The policy has {denials.Count} reasons against the device: {string.Join(", ", denials.Select(denial => denial.Code))}.");
        }
    }

    private static void Print(Terminal terminal, VerifiedQuote quote, IReadOnlyList<Denial> denials)
    {
        string verdict = denials.Count == 0 ? "accepted" : "refused";
        terminal.Result(
            new
            {
                kind = Kind,
                verified = true,
                verdict,
                digest = quote.Digest.ToString(),
                claims = Names(quote.Claims),
                certificates = quote.Chain.Certificates.Select(ToJson),
                collateral = quote.Collateral is { } said ? new { said.NotBefore, said.NextUpdate, said.MinimumSecurityVersion, revoked = said.Revoked.Count } : null,
                denials,
            },
            $"{Heading(quote.Evidence)}, verified\n{Text(quote.Claims)}\n{Text(quote.Chain.Certificates)}\n{Text(quote.Collateral)}\n"
            + string.Concat(denials.Select(denial => Explainer.Describe(denial) + "\n")) + $"verdict: {verdict}");
    }

    private static Argument<string> FileArgument() => new("FILE") { Description = "Evidence of a device, a receipt that holds it, or an SEV-SNP attestation report: raw, in hexadecimal, base64 or JSON." };

    private static string Heading(Evidence evidence) => $"evidence {evidence.Digest} ({Kind})";

    private static Dictionary<string, string> Names(Quote claims) => claims.Describe().ToDictionary(claim => claim.Name, claim => claim.Value);

    private static object ToJson(DeviceCertificate certificate) => new
    {
        place = certificate.Profile.Name,
        subject = certificate.Subject,
        serial = Convert.ToHexStringLower(certificate.Serial.Span),
        not_before = certificate.NotBefore,
        not_after = certificate.NotAfter,
        key = certificate.PublicKey.Id.ToString(),
    };

    private static string Text(Quote claims) => string.Join('\n', claims.Describe().Select(claim => $"  {claim.Name,-24}{claim.Value}"));

    private static string Text(IEnumerable<DeviceCertificate> certificates)
    {
        var text = new StringBuilder();
        foreach (DeviceCertificate certificate in certificates)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {"certificate " + certificate.Profile.Name,-24}{certificate.Subject}, {certificate.NotBefore:u} to {certificate.NotAfter:u}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  {"",-24}key {certificate.PublicKey.Id}");
        }

        return text.ToString().TrimEnd();
    }

    private static string Text(CollateralContent? said) => said is null
        ? "  collateral              none consulted"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"  collateral              {said.NotBefore:u} to {said.NextUpdate:u}, {said.Revoked.Count} keys revoked, security version at least {said.MinimumSecurityVersion}");

    /// <summary>Reads a time as options take it.</summary>
    internal static DateTimeOffset? ParseTime(ArgumentResult result)
    {
        if (DateTimeOffset.TryParse(result.Tokens.Single().Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
        {
            return time;
        }

        result.AddError($"\"{result.Tokens.Single().Value}\" is not a time such as 2027-03-01T12:00:00Z.");
        return null;
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
