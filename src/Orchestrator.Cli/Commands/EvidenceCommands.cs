using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator evidence</c>: what a device says of itself, offline.</summary>
internal static class EvidenceCommands
{
    private const string Kind = "itx-quote";

    public static Command Create(Terminal terminal) => CliCommand.Group(
        "evidence", "Look at what a device says of itself, and judge it, without any host.", Show(terminal), Verify(terminal));

    private static CliCommand Show(Terminal terminal)
    {
        Argument<string> file = FileArgument();
        var command = new CliCommand(
            "show",
            "Print every claim and certificate of evidence. Nothing is verified but that the claims belong to the certificates beside them: anybody can make such evidence.",
            "orchestrator evidence show evidence.cose",
            "orchestrator evidence show result/receipt.cose --json")
        {
            file,
        };
        command.SetAction(parsed =>
        {
            Evidence evidence = EvidenceCheck.ReadFile(parsed.GetRequiredValue(file));
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
        var policy = new Option<string>("--policy") { Description = "Whose roots and rules: a release policy.", HelpName = "FILE", Required = true };
        var collateral = new Option<string?>("--collateral") { Description = "The vendor's collateral, in place of the policy's.", HelpName = "FILE" };
        var at = new Option<DateTimeOffset?>("--at") { Description = "Judge as of this time, such as 2027-03-01T12:00:00Z, in place of now.", HelpName = "TIME", CustomParser = ParseTime };
        var command = new CliCommand(
            "verify",
            "Verify evidence and judge the device by a release policy: certificates, times, collateral, signature, then every rule. Prints every claim and a verdict. What belongs to a session (manifest, nonces, checkpoint) is printed and not judged.",
            "orchestrator evidence verify evidence.cose --policy policy.yaml",
            "orchestrator evidence verify result/receipt.cose --policy policy.yaml --collateral collateral.cose --at 2027-03-01T12:00:00Z")
        {
            file, policy, collateral, at,
        };
        command.SetAction(parsed =>
        {
            Evidence evidence = EvidenceCheck.ReadFile(parsed.GetRequiredValue(file));
            TimeProvider clock = parsed.GetValue(at) is { } time ? new StoppedClock(time) : terminal.Clock;
            (VerifiedQuote quote, IReadOnlyList<Denial> denials) = EvidenceCheck.Verify(
                evidence, PartyPolicy.Read(parsed.GetRequiredValue(policy), "you"), clock, parsed.GetValue(collateral));
            Print(terminal, quote, denials);
            if (denials.Count > 0)
            {
                throw new OrchestratorException(ResultErrors.EvidenceRefused, $"The policy has {denials.Count} reasons against the device: {string.Join(", ", denials.Select(denial => denial.Code))}.");
            }
        });
        return command;
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

    private static Argument<string> FileArgument() => new("FILE") { Description = "Evidence, or a receipt that holds it." };

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

    private static DateTimeOffset? ParseTime(ArgumentResult result)
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
