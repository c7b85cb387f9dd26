using System.CommandLine;
using System.CommandLine.Parsing;
using Orchestrator.Attestation;

namespace Orchestrator.Cli.Commands;

/// <summary>The options of <c>evidence verify</c> that are for SEV-SNP reports.</summary>
internal sealed class SnpOptions
{
    private readonly Option<string[]> _certificates = new("--certs")
    {
        Description = "The certificates of the chip's key (VCEK or VLEK) and its issuers: DER, a PEM chain, the platform's JSON, or a guest's table; may be repeated.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _roots = new("--roots") { Description = "Roots (ARK) to trust in place of the vendor's: PEM or DER; may be repeated.", HelpName = "FILE" };
    private readonly Option<byte[]?> _policyDigest = Hex("--policy-digest", 32, "SHA-256 of the execution policy that the group must be bound to, in hexadecimal.");
    private readonly Option<byte[]?> _reportData = Hex("--report-data", 64, "What the guest must have put into the report: 64 bytes in hexadecimal.");
    private readonly Option<byte[]?> _measurement = Hex("--measurement", Measurement.Size, "The launch measurement to accept: 48 bytes in hexadecimal.");
    private readonly Option<string?> _endorsement = new("--endorsement") { Description = "The publisher's statement of the launch measurement (COSE_Sign1, raw or base64).", HelpName = "FILE" };
    private readonly Option<string?> _endorser = new("--endorser") { Description = "The publisher that must have made the endorsement.", HelpName = "DID" };
    private readonly Option<string?> _revocations = new("--crl") { Description = "The root's list of revoked certificates.", HelpName = "FILE" };
    private readonly Option<int> _vmpl = new("--max-vmpl") { Description = "Accept reports asked for at privilege levels up to this one.", HelpName = "LEVEL", CustomParser = ParseLevel };
    private readonly Option<string[]> _allowed = new("--allow") { Description = "What to accept that is refused otherwise: debug, migration, simulated or sandbox; may be repeated.", HelpName = "NAME" };

    public SnpOptions() => _allowed.AcceptOnlyFromAmong("debug", "migration", "simulated", "sandbox");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_certificates, _roots, _policyDigest, _reportData, _measurement, _endorsement, _endorser, _revocations, _vmpl, _allowed])
        {
            command.Options.Add(option);
        }
    }

    public SnpRequest Read(ParseResult parsed) => new()
    {
        Certificates = parsed.GetValue(_certificates) ?? [],
        Roots = parsed.GetValue(_roots) ?? [],
        PolicyDigest = Given(parsed, _policyDigest),
        ReportData = Given(parsed, _reportData),
        Measurements = Given(parsed, _measurement) is { } measurement ? [new Measurement(measurement)] : [],
        Endorsement = parsed.GetValue(_endorsement),
        Endorser = parsed.GetValue(_endorser),
        Revocations = parsed.GetValue(_revocations),
        MaximumVmpl = (uint)parsed.GetValue(_vmpl),
        Allowed = parsed.GetValue(_allowed) ?? [],
    };

    // The library gives an empty array for an option that is absent.
    private static byte[]? Given(ParseResult parsed, Option<byte[]?> option) => parsed.GetValue(option) is { Length: > 0 } bytes ? bytes : null;

    private static Option<byte[]?> Hex(string name, int bytes, string description) => new(name)
    {
        Description = description,
        HelpName = "HEX",
        CustomParser = result =>
        {
            string text = result.Tokens.Single().Value;
            if (text.Length == 2 * bytes && text.All(char.IsAsciiHexDigit))
            {
                return Convert.FromHexString(text);
            }

            result.AddError($"\"{text}\" is not {bytes} bytes in hexadecimal.");
            return null;
        },
    };

    private static int ParseLevel(ArgumentResult result)
    {
        if (result.Tokens.Single().Value is [>= '0' and <= '3' and var level])
        {
            return level - '0';
        }

        result.AddError($"\"{result.Tokens.Single().Value}\" is not a privilege level from 0 to 3.");
        return 0;
    }
}
