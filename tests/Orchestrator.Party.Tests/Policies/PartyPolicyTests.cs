using System.Security.Cryptography;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.Tests.Support;

namespace Orchestrator.Sdk.Tests.Policies;

public sealed class PartyPolicyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestVendor _vendor = new();

    public PartyPolicyTests() => _folder.Write("vendor-root.pem", Pem());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Policy_TheSpecificationsExample_IsRead()
    {
        PartyPolicy policy = Parse(Documents.YamlOf("release-policy.md")[0]);

        Assert.Equal("clinic", policy.Rules.Party);
        Assert.Equal(2, policy.Rules.MinimumSecurityVersion);
        Assert.Single(policy.Rules.Firmware!);
        Assert.True(policy.Rules.AllowSimulatedDevices);
        Assert.False(policy.Rules.AllowDebug || policy.Rules.AllowUnconfinedTiles || policy.Rules.AllowUnknownRevocation);
        Assert.True(policy.ConsultsCollateral);
        Assert.Single(policy.Anchors.Roots);
    }

    [Fact]
    public void Policy_WithItsRootInline_NeedsNoOtherFile()
    {
        string pem = Pem().Replace("\n", "\n    ", StringComparison.Ordinal);
        PartyPolicy policy = Parse($"format: orchestrator/release-policy/v1\nroots:\n  - |\n    {pem}\n");

        Assert.Equal(_vendor.Anchors.Roots[0].PublicKey.Id, Assert.Single(policy.Anchors.Roots).PublicKey.Id);
    }

    [Fact]
    public void Policy_Minimal_AllowsNothingDangerous()
    {
        PartyPolicy policy = Parse("format: orchestrator/release-policy/v1\nroots: [vendor-root.pem]\n");

        Assert.Null(policy.Rules.Firmware);
        Assert.Equal(1, policy.Rules.MinimumSecurityVersion);
        Assert.False(policy.Rules.AllowSimulatedDevices || policy.Rules.AllowDebug || policy.Rules.AllowUnconfinedTiles || policy.Rules.AllowUnknownRevocation);
    }

    [Fact]
    public void Policy_SaysNothingOfGroups_AcceptsNone() =>
        Assert.Null(Parse("format: orchestrator/release-policy/v1\nroots: [vendor-root.pem]\n").Groups);

    [Fact]
    public void Policy_SectionOfGroups_AllowsNothingDangerousByItself()
    {
        SnpPolicy rules = Groups("{}").Rules;

        Assert.Equal((null, null, 0u), (rules.Measurements, rules.Endorsers, rules.MinimumGuestSvn));
        Assert.False(rules.AllowSimulated || rules.AllowSandbox || rules.AllowDebug || rules.AllowMigration || rules.AllowUnknownRevocation || rules.AllowUnknownMeasurement);
    }

    [Fact]
    public void Policy_SectionOfGroups_IsRead()
    {
        SnpPolicy rules = Groups($$"""
            measurements: [{{new string('1', 96)}}]
              endorsers:
                - "did:x509:0:sha256:abc::eku:1.2"
                - {issuer: "did:x509:0:sha256:def::eku:1.2", feed: images, minimum_svn: 3}
              minimum_tcb: {snp: 8, microcode: 115}
              minimum_guest_svn: 2
              allow: [simulated, sandbox]
            """).Rules;

        Assert.Equal("clinic", rules.Party);
        Assert.Equal(new string('1', 96), Assert.Single(rules.Measurements!.Value).ToString());
        Assert.Equal([new SnpEndorser("did:x509:0:sha256:abc::eku:1.2"), new SnpEndorser("did:x509:0:sha256:def::eku:1.2", "images", 3)], rules.Endorsers!.Value);
        Assert.Equal((8, 115, 2u), (rules.MinimumTcb["snp"], rules.MinimumTcb["microcode"], rules.MinimumGuestSvn));
        Assert.True(rules is { AllowSimulated: true, AllowSandbox: true, AllowDebug: false });
    }

    [Theory]
    [InlineData("allow: [everything]", "yaml-value")]
    [InlineData("minimum_tcb: 8", "yaml-value")]
    [InlineData("minimum_tcb: {snp: 256}", "yaml-value")]
    [InlineData("measurement: []", "yaml-unknown-key")]
    [InlineData("roots: [vendor-root.pem]", "snp-chain-invalid")]
    [InlineData("roots: [gone.pem]", "storage-missing")]
    public void Policy_SectionOfGroupsWrong_IsRefused(string section, string code) => Assert.Equal(code, Failures.CodeOf(() => Groups(section)).Id);

    [Fact]
    public void Policy_WithoutRoots_VerifiesNothing() =>
        Assert.Equal("attestation-no-anchors", Failures.CodeOf(() => Parse(Samples.EmptyPolicy).Verifier(TimeProvider.System)).Id);

    [Fact]
    public void Policy_MissingCollateral_StopsVerificationInsteadOfSkippingIt()
    {
        PartyPolicy policy = Parse("format: orchestrator/release-policy/v1\nroots: [vendor-root.pem]\ncollateral: gone.cose\n");
        Assert.Equal("storage-missing", Failures.CodeOf(() => policy.Verifier(TimeProvider.System)).Id);
    }

    [Theory]
    [InlineData("roots: [vendor-root.pem]\n", "yaml-missing-key")]
    [InlineData("format: orchestrator/release-policy/v1\n", "yaml-missing-key")]
    [InlineData("format: orchestrator/release-policy/v1\nroots: vendor-root.pem\n", "yaml-value")]
    [InlineData("format: orchestrator/release-policy/v1\nroots: [gone.pem]\n", "storage-missing")]
    [InlineData("format: orchestrator/release-policy/v1\nroots: [vendor-root.pem]\nallow: [everything]\n", "yaml-value")]
    [InlineData("format: orchestrator/release-policy/v1\nroots: [vendor-root.pem]\nalow: [debug]\n", "yaml-unknown-key")]
    [InlineData("format: orchestrator/release-policy/v1\nroots: [vendor-root.pem]\nminimum_security_version: 0\n", "yaml-value")]
    [InlineData("format: orchestrator/release-policy/v1\nroots: [vendor-root.pem]\nfirmware: [{ccu: a, icu: b, tiles: c}]\n", "yaml-value")]
    [InlineData("format: orchestrator/release-policy/v1\nroots: [policy.yaml]\n", "attestation-anchor-invalid")]
    public void Policy_Wrong_IsRefused(string yaml, string code)
    {
        string path = _folder.Write("policy.yaml", yaml);
        Assert.Equal(code, Failures.CodeOf(() => PartyPolicy.Read(path, "clinic")).Id);
    }

    private string Pem() => PemEncoding.WriteString("CERTIFICATE", _vendor.RootDer);

    private PartyPolicy Parse(string yaml) => PartyPolicy.Parse(yaml, "clinic", _folder.Path);

    private GroupPolicy Groups(string section) => Parse($"format: orchestrator/release-policy/v1\nroots: [vendor-root.pem]\nsnp:\n  {section}\n").Groups!;
}
