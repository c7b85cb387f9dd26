using System.Text.Json;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Tests;

/// <summary>Evidence is judged offline, by a policy, as of a time. The evidence is that of tests/Vectors/quote.</summary>
public sealed class EvidenceTests : IDisposable
{
    private const string Then = "2027-03-01T12:00:00Z";

    private static readonly JsonElement Vectors =
        JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "Vectors", "quote", "evidence.json"))).RootElement;

    private readonly Cli _cli = new();

    public EvidenceTests()
    {
        _cli.Write("root.pem", Vectors.GetProperty("root_pem").GetString()!);
        Policy("simulated_devices");
        Write("evidence.cose", Case("genuine").GetProperty("evidence"));
        Write("collateral.cose", Case("collateral without the device").GetProperty("collateral"));
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Show_Evidence_PrintsEveryClaimAndThatNothingIsVerified()
    {
        CliOutcome shown = await _cli.MustRunAsync("evidence", "show", _cli["evidence.cose"], "--json");
        Assert.False(shown.Json.GetProperty("verified").GetBoolean());
        JsonElement claims = shown.Json.GetProperty("claims");
        Assert.Equal("true", claims.GetProperty("simulated").GetString());
        Assert.Equal("7", claims.GetProperty("bootcount").GetString());
        Assert.Equal(new string('0', 64), claims.GetProperty("eat_nonce.lab").GetString());
        Assert.Equal(["alias", "DeviceID", "DCK"], shown.Json.GetProperty("certificates").EnumerateArray().Select(certificate => certificate.GetProperty("place").GetString()));
        Assert.Contains("NOT VERIFIED", (await _cli.MustRunAsync("evidence", "show", _cli["evidence.cose"])).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_GenuineEvidenceWithCollateral_IsAccepted()
    {
        CliOutcome verified = await VerifyAsync("--collateral", _cli["collateral.cose"]);
        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        Assert.EndsWith("verdict: accepted\n", verified.Output, StringComparison.Ordinal);
        Assert.Contains("security version at least 1", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_ByAPolicyThatRefuses_PrintsEveryReasonAndTheClaims()
    {
        Policy("");
        CliOutcome refused = await VerifyAsync();
        Assert.Equal(((int)ErrorClass.Refused, "evidence-refused"), (refused.ExitCode, refused.Code));
        Assert.EndsWith("verdict: refused\n", refused.Output, StringComparison.Ordinal);
        foreach (string expected in new[] { "release-device-simulated", "release-revocation-unknown", "observed  true", "policy of you", "remedy    ", "measurements.tiles" })
        {
            Assert.Contains(expected, refused.Output, StringComparison.Ordinal);
        }

        JsonElement json = (await VerifyAsync("--json")).Json;
        Assert.Equal("refused", json.GetProperty("verdict").GetString());
        Assert.Equal(2, json.GetProperty("denials").GetArrayLength());
    }

    [Theory]
    [InlineData("2027-02-28T11:59:59Z", "attestation-certificate-expired")]
    [InlineData("2029-01-01T00:00:00Z", "attestation-certificate-expired")]
    [InlineData("2027-03-03T00:00:00Z", "attestation-collateral-stale")]
    public async Task Verify_AtAnotherTime_JudgesAsOfThatTime(string time, string code)
    {
        CliOutcome refused = await _cli.RunAsync(
            "evidence", "verify", _cli["evidence.cose"], "--policy", _cli["policy.yaml"], "--collateral", _cli["collateral.cose"], "--at", time);
        Assert.Equal(code, refused.Code);
    }

    [Fact]
    public async Task Verify_StaleCollateralWithinThePolicysGrace_IsAccepted()
    {
        Policy("simulated_devices", "collateral_grace_days: 2\n");
        CliOutcome verified = await _cli.RunAsync(
            "evidence", "verify", _cli["evidence.cose"], "--policy", _cli["policy.yaml"], "--collateral", _cli["collateral.cose"], "--at", "2027-03-03T00:00:00Z");
        Assert.Equal(0, verified.ExitCode);
    }

    public static TheoryData<string> Refused => [.. Vectors.GetProperty("cases").EnumerateArray()
        .Where(vector => vector.GetProperty("code").ValueKind == JsonValueKind.String).Select(vector => vector.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Verify_EveryForgedVector_IsRefusedWithItsCode(string name)
    {
        JsonElement vector = Case(name);
        Write("forged.cose", vector.GetProperty("evidence"));
        List<string> arguments = ["evidence", "verify", _cli["forged.cose"], "--policy", _cli["policy.yaml"], "--at", Then];
        if (vector.GetProperty("collateral").ValueKind == JsonValueKind.String)
        {
            Write("given.cose", vector.GetProperty("collateral"));
            arguments.AddRange(["--collateral", _cli["given.cose"]]);
        }

        CliOutcome refused = await _cli.RunAsync([.. arguments]);
        Assert.Equal(vector.GetProperty("code").GetString(), refused.Code);
        Assert.Empty(refused.Output);
    }

    [Fact]
    public async Task Verify_TimeThatIsNone_IsAUsageError() =>
        Assert.Equal("cli-usage", (await _cli.RunAsync("evidence", "verify", "x", "--policy", "y", "--at", "tomorrow")).Code);

    private Task<CliOutcome> VerifyAsync(params string[] more) =>
        _cli.RunAsync(["evidence", "verify", _cli["evidence.cose"], "--policy", _cli["policy.yaml"], "--at", Then, .. more]);

    private void Policy(string allow, string more = "") =>
        _cli.Write("policy.yaml", $"format: orchestrator/release-policy/v1\nroots: [root.pem]\nallow: [{allow}]\n{more}");

    private void Write(string name, JsonElement hex) => File.WriteAllBytes(_cli[name], Convert.FromHexString(hex.GetString()!));

    private static JsonElement Case(string name) =>
        Vectors.GetProperty("cases").EnumerateArray().Single(vector => vector.GetProperty("name").GetString() == name);
}
