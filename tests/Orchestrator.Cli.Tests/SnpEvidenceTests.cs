using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Attestation.Tests.Snp;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Tests;

/// <summary>A genuine SEV-SNP report is judged offline, however tools wrap it. The evidence is that of <c>../shared/vectors/snp</c>.</summary>
public sealed class SnpEvidenceTests : IDisposable
{
    private const string Then = "2026-11-22T00:00:00Z";

    private readonly Cli _cli = new();
    private readonly byte[] _report = Vector("snp_report.bin");
    private readonly string _platform = Encoding.UTF8.GetString(Vector("uvm_host_amd_certificate.json"));

    public SnpEvidenceTests()
    {
        File.WriteAllBytes(_cli["report.bin"], _report);
        _cli.Write("platform.json", _platform);
        File.WriteAllBytes(_cli["endorsement.cose"], Vector("body.uvm_reference_info.bin"));
    }

    private static string PolicyDigest => Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(Encoding.ASCII.GetString(Vector("uvm_security_policy.base64")).Trim())));

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Show_GenuineReport_PrintsEveryFieldAndThatNothingIsVerified()
    {
        JsonElement shown = (await _cli.MustRunAsync("evidence", "show", _cli["report.bin"], "--json")).Json;

        Assert.Equal(("snp-report", false), (shown.GetProperty("kind").GetString(), shown.GetProperty("verified").GetBoolean()));
        JsonElement claims = shown.GetProperty("claims");
        Assert.Equal(24, claims.EnumerateObject().Count());
        Assert.Equal(PolicyDigest, claims.GetProperty("host_data").GetString());
        Assert.Equal("0x7308000000000003 (boot_loader 3, microcode 115, snp 8, tee 0)", claims.GetProperty("reported_tcb").GetString());
        Assert.Equal("1.52 build 4", claims.GetProperty("current_firmware").GetString());
        Assert.Contains("NOT VERIFIED", (await _cli.MustRunAsync("evidence", "show", _cli["report.bin"])).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_GenuineReport_IsAcceptedAndSaysWhatWasNotJudged()
    {
        CliOutcome verified = await VerifyAsync("report.bin", "--policy-digest", PolicyDigest, "--endorsement", _cli["endorsement.cose"]);

        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        Assert.EndsWith("verdict: accepted\n", verified.Output, StringComparison.Ordinal);
        Assert.Contains("Milan-B0 (line Milan)", verified.Output, StringComparison.Ordinal);
        Assert.Contains("ContainerPlat-AMD-UVM, guest svn", verified.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not judged              host_data", verified.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not judged              measurement", verified.Output, StringComparison.Ordinal);
        foreach (string open in new[] { "report_data", "the endorsement's issuer", "revocation" })
        {
            Assert.Contains($"not judged              {open}", verified.Output, StringComparison.Ordinal);
        }

        Assert.Contains("not judged              measurement", (await VerifyAsync("report.bin")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("snp-debug", 0x0A, 1 << 3, "--allow", "debug")]
    [InlineData("snp-migration", 0x0A, 1 << 2, "--allow", "migration")]
    [InlineData("snp-vmpl", 0x30, 2, "--max-vmpl", "2")]
    public async Task Verify_GuestThatIsOpenToTheHost_IsRefusedUnlessAllowedByName(string code, int place, int bits, string option, string value)
    {
        using var chip = new MadeReports("Genoa");
        File.WriteAllBytes(_cli["made.bin"], chip.Sign(3, report => report[place] |= (byte)bits));
        _cli.Write("made.pem", string.Concat(chip.Presented.Select(certificate => PemEncoding.WriteString("CERTIFICATE", certificate.Der.Span) + "\n")));
        _cli.Write("root.pem", PemEncoding.WriteString("CERTIFICATE", chip.Product.Root.Der.Span));
        string[] verify = ["evidence", "verify", _cli["made.bin"], "--certs", _cli["made.pem"], "--roots", _cli["root.pem"], "--at", Then];

        CliOutcome refused = await _cli.RunAsync(verify);
        CliOutcome accepted = await _cli.RunAsync([.. verify, option, value]);

        Assert.Contains($"1 reasons against the report: {code}", refused.Error, StringComparison.Ordinal);
        Assert.EndsWith("verdict: accepted\n", accepted.Output, StringComparison.Ordinal);
    }

    public static TheoryData<string> Wrappings => ["hex", "base64", "base64url", "attest/raw", "runtime data", "lines"];

    [Theory]
    [MemberData(nameof(Wrappings))]
    public async Task Verify_ReportAsOtherToolsWriteIt_IsAccepted(string wrapping)
    {
        string base64 = Convert.ToBase64String(_report);
        string url = base64.Replace('+', '-').Replace('/', '_').TrimEnd('=');
        _cli.Write("wrapped", wrapping switch
        {
            "hex" => Convert.ToHexString(_report) + "\n",
            "base64" => base64,
            "base64url" => url,
            "attest/raw" => $$"""{"report": "{{Convert.ToHexStringLower(_report)}}"}""",
            "lines" => string.Join("\n", base64.Chunk(64).Select(line => new string(line))),
            _ => JsonSerializer.Serialize(new { report = Url(JsonSerializer.Serialize(new { SnpReport = url, VcekCertChain = Url("not a certificate") })), nonce = "123" }),
        });

        Assert.EndsWith("verdict: accepted\n", (await VerifyAsync("wrapped")).Output, StringComparison.Ordinal);
    }

    public static TheoryData<string> Chains => ["base64 of JSON", "PEM", "DER and PEM", "table", "within the report's JSON", "after the report"];

    [Theory]
    [MemberData(nameof(Chains))]
    public async Task Verify_CertificatesAsOtherToolsWriteThem_IsAccepted(string form)
    {
        string pem = JsonDocument.Parse(_platform).RootElement.GetProperty("vcekCert").GetString() + JsonDocument.Parse(_platform).RootElement.GetProperty("certificateChain").GetString();
        byte[][] certificates = [.. Attestation.X509.SignedCertificate.ParsePem(pem).Select(certificate => certificate.Der.ToArray())];
        _cli.Write("chain.json", Convert.ToBase64String(Encoding.UTF8.GetBytes(_platform)));
        _cli.Write("chain.pem", pem);
        _cli.Write("issuers.pem", pem[pem.IndexOf("-----BEGIN", 10, StringComparison.Ordinal)..]);
        File.WriteAllBytes(_cli["vcek.der"], certificates[0]);
        File.WriteAllBytes(_cli["table"], Table(certificates));
        File.WriteAllBytes(_cli["extended.bin"], [.. _report, .. Table(certificates)]);
        _cli.Write("maa.json", JsonSerializer.Serialize(new { SnpReport = Convert.ToBase64String(_report), VcekCertChain = Convert.ToBase64String(Encoding.ASCII.GetBytes(pem)) }));

        CliOutcome verified = await _cli.RunAsync(["evidence", "verify", "--at", Then, .. form switch
        {
            "base64 of JSON" => [_cli["report.bin"], "--certs", _cli["chain.json"]],
            "PEM" => [_cli["report.bin"], "--certs", _cli["chain.pem"]],
            "DER and PEM" => [_cli["report.bin"], "--certs", _cli["vcek.der"], "--certs", _cli["issuers.pem"]],
            "table" => [_cli["report.bin"], "--certs", _cli["table"]],
            "after the report" => [_cli["extended.bin"]],
            _ => (string[])[_cli["maa.json"]],
        }]);

        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
    }

    [Fact]
    public async Task Verify_AnyFlippedByteOfTheReport_IsRefused()
    {
        // The verifier's own test flips every byte; here it is the command's verdict that matters.
        for (int i = 0; i < _report.Length; i += 37)
        {
            byte[] changed = [.. _report];
            changed[i] ^= 0x20;
            File.WriteAllBytes(_cli["changed.bin"], changed);
            CliOutcome refused = await VerifyAsync("changed.bin");

            Assert.True(refused is { ExitCode: (int)ErrorClass.Integrity or (int)ErrorClass.Input, Output: "" }, $"byte {i}: {refused.Output}{refused.Error}");
        }
    }

    [Fact]
    public async Task Verify_FlippedByteOfEndorsement_IsRefused()
    {
        byte[] endorsement = Vector("body.uvm_reference_info.bin");
        endorsement[^1000] ^= 1;
        File.WriteAllBytes(_cli["endorsement.cose"], endorsement);

        Assert.Equal("snp-endorsement-invalid", (await VerifyAsync("report.bin", "--endorsement", _cli["endorsement.cose"])).Code);
    }

    [Fact]
    public async Task Verify_WhatTheOptionsNameDiffers_IsRefusedWithEveryReason()
    {
        string other = new('0', 128);
        CliOutcome refused = await VerifyAsync(
            "report.bin", "--policy-digest", other[..64], "--report-data", other, "--measurement", other[..96], "--endorsement", _cli["endorsement.cose"], "--endorser", "did:x509:0:sha256:x::eku:1", "--json");

        Assert.Equal((int)ErrorClass.Refused, refused.ExitCode);
        Assert.Equal(
            ["snp-measurement", "snp-endorser", "snp-policy-digest", "snp-report-data"],
            refused.Json.GetProperty("denials").EnumerateArray().Select(denial => denial.GetProperty("code").GetString()));
        Assert.Equal("refused", refused.Json.GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Verify_WithoutTrustedRootOrCertificates_IsRefused()
    {
        string root = File.ReadAllText(Repository.PathOf("crypto", "Orchestrator.Attestation", "Snp", "Roots", "ark-genoa.pem"));
        _cli.Write("genoa.pem", root);
        _cli.Write("vcek.pem", JsonDocument.Parse(_platform).RootElement.GetProperty("vcekCert").GetString()!);

        Assert.Equal("snp-chain-invalid", (await VerifyAsync("report.bin", "--roots", _cli["genoa.pem"])).Code);
        Assert.Equal("snp-chain-invalid", (await VerifyAsync("report.bin", "--roots", _cli["vcek.pem"])).Code);
        Assert.Equal("snp-certificates-missing", (await _cli.RunAsync("evidence", "verify", _cli["report.bin"])).Code);
        Assert.Equal("snp-chain-invalid", (await _cli.RunAsync("evidence", "verify", _cli["report.bin"], "--certs", _cli["vcek.pem"])).Code);
        Assert.Equal("snp-certificate-expired", (await _cli.RunAsync("evidence", "verify", _cli["report.bin"], "--certs", _cli["platform.json"], "--at", "2035-01-01T00:00:00Z")).Code);
    }

    [Fact]
    public async Task Verify_WhatIsNoReport_SaysSo()
    {
        File.WriteAllBytes(_cli["short.bin"], _report[..1183]);
        File.WriteAllBytes(_cli["long.bin"], [.. _report, 0]);
        File.WriteAllBytes(_cli["two.json"], JsonSerializer.SerializeToUtf8Bytes(new { a = Convert.ToBase64String(_report), b = Convert.ToBase64String(_report) }));

        foreach (string name in new[] { "short.bin", "long.bin", "two.json" })
        {
            Assert.Equal("snp-report-malformed", (await VerifyAsync(name)).Code);
            Assert.Equal("snp-report-malformed", (await _cli.RunAsync("evidence", "show", _cli[name])).Code);
        }

        Assert.Equal("cli-usage", (await VerifyAsync("report.bin", "--policy-digest", "12")).Code);
        Assert.Equal("cli-usage", (await VerifyAsync("report.bin", "--max-vmpl", "4")).Code);
    }

    private Task<CliOutcome> VerifyAsync(string report, params string[] more) =>
        _cli.RunAsync(["evidence", "verify", _cli[report], "--certs", _cli["platform.json"], "--at", Then, .. more]);

    private static string Url(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Replace('+', '-').Replace('/', '_').TrimEnd('=');

    private static byte[] Table(byte[][] certificates)
    {
        using var table = new MemoryStream();
        using var writer = new BinaryWriter(table);
        int offset = (certificates.Length + 1) * 24;
        foreach (byte[] certificate in certificates)
        {
            writer.Write(Enumerable.Repeat((byte)0x5A, 16).ToArray());
            writer.Write(offset);
            writer.Write(certificate.Length);
            offset += certificate.Length;
        }

        writer.Write(new byte[24]);
        foreach (byte[] certificate in certificates)
        {
            writer.Write(certificate);
        }

        return table.ToArray();
    }

    private static byte[] Vector(string name)
    {
        string path = Repository.PathOf("..", "shared", "vectors", "snp", name);
        Assert.SkipUnless(File.Exists(path), $"{name} is not beside the tree.");
        return File.ReadAllBytes(path);
    }
}
