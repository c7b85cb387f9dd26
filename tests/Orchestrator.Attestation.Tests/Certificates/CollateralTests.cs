using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;

namespace Orchestrator.Attestation.Tests.Certificates;

public sealed class CollateralTests : IDisposable
{
    private static readonly CollateralContent Content = new(TestVendor.Now.AddDays(-1), TestVendor.Now.AddDays(1), [Measurement.Of([1])], 1);

    private readonly TestVendor _vendor = new();
    private readonly ECDsa _signer = TestVendor.NewKey();

    public void Dispose() => _signer.Dispose();

    [Fact]
    public void Verify_DeviceNotListed_IsConsulted() => Assert.Equal(1, VerifyWith(Issue(Content)).Collateral!.MinimumSecurityVersion);

    [Fact]
    public void Verify_EmptyList_IsConsulted() => Assert.NotNull(VerifyWith(Issue(Content with { Revoked = [] })).Collateral);

    [Fact]
    public void Verify_SignedByACertifiedKey_IsConsulted() => Assert.NotNull(VerifyWith(Collateral.Issue(_signer, Certify(), Content)).Collateral);

    [Theory]
    [InlineData("root")]
    [InlineData("DCK")]
    [InlineData("DeviceID")]
    [InlineData("alias")]
    public void Verify_AnyKeyOfTheChainListed_IsRevoked(string place)
    {
        ECDsa key = place switch { "root" => _vendor.Root, "DCK" => _vendor.Dck, "DeviceID" => _vendor.DeviceId, _ => _vendor.Alias };
        byte[] collateral = Issue(Content with { Revoked = [Measurement.Of([1]), Measurement.Of(key.ExportSubjectPublicKeyInfo())] });
        ErrorAssert.Throws(AttestationErrors.Revoked, () => VerifyWith(collateral));
    }

    [Fact]
    public void Verify_PastItsTimeOrFromTheFuture_IsStale()
    {
        ErrorAssert.Throws(AttestationErrors.CollateralStale, () => VerifyWith(Issue(Content with { NextUpdate = TestVendor.Now.AddSeconds(-1) })));
        ErrorAssert.Throws(AttestationErrors.CollateralStale, () => VerifyWith(Issue(Content with { NotBefore = TestVendor.Now.AddSeconds(1) })));
        VerifyWith(Issue(Content with { NextUpdate = TestVendor.Now }));
        VerifyWith(Issue(Content with { NotBefore = TestVendor.Now }));
    }

    [Fact]
    public void Verify_PastItsTimeWithinTheGraceOfThePolicy_IsConsulted()
    {
        byte[] late = Issue(Content with { NextUpdate = TestVendor.Now.AddDays(-3).AddHours(-1) });
        ErrorAssert.Throws(AttestationErrors.CollateralStale, () => VerifyWith(late, TimeSpan.FromDays(3)));
        Assert.NotNull(VerifyWith(late, TimeSpan.FromDays(4)).Collateral);

        // A grace is for lateness: it makes nothing valid that is not valid yet.
        byte[] early = Issue(Content with { NotBefore = TestVendor.Now.AddSeconds(1) });
        ErrorAssert.Throws(AttestationErrors.CollateralStale, () => VerifyWith(early, TimeSpan.FromDays(4)));
    }

    [Fact]
    public void Validate_VersionThatTheVendorNoLongerVouchesFor_IsDeniedInTheVendorsName()
    {
        VerifiedQuote quote = VerifyWith(Issue(Content with { MinimumSecurityVersion = 2 }));
        ReleaseDecision decision = new ReleasePolicy { Party = QuoteMaker.Party, AllowSimulatedDevices = true }.Validate(quote, new QuoteExpectations
        {
            Manifest = QuoteMaker.Manifest,
            Firmware = [TestVendor.Firmware],
            MinimumSecurityVersion = 1,
            Nonce = QuoteMaker.Nonce,
        });
        Denial denial = Assert.Single(decision.Denials);
        Assert.Equal((ReleaseErrors.SecurityVersion.Id, "at least 2", "1", "vendor"), (denial.Code, denial.Expected, denial.Observed, denial.PolicyOf));
    }

    [Fact]
    public void Verify_OfAnotherTrustedVendor_SaysNothing()
    {
        var other = new TestVendor();
        TrustAnchors anchors = _vendor.Anchors.With(other.RootDer);
        var collateral = Collateral.Verify(Collateral.Issue(other.Root, null, Content with { MinimumSecurityVersion = 9 }), anchors);
        var verifier = new EvidenceVerifier(anchors, new FixedTime(TestVendor.Now), collateral);
        Assert.Null(verifier.Verify(QuoteMaker.Make(_vendor)).Collateral);
    }

    [Fact]
    public void Verify_SignedByAnyoneElse_IsInvalid()
    {
        foreach (ECDsa key in new[] { _vendor.Dck, _vendor.Alias, new TestVendor().Root, _signer })
        {
            AssertInvalid(Collateral.Issue(key, null, Content));
        }
    }

    public static TheoryData<string> BadSigners => [.. Signers.Keys];

    private static readonly Dictionary<string, Func<CollateralTests, byte[]>> Signers = new()
    {
        ["certified by a stranger"] = test => Collateral.Issue(test._signer, test.Certify(issuer: TestVendor.NewKey()), Content),
        ["certified by a stranger with the root's name and identifier"] = test => Collateral.Issue(test._signer, test.CertifyInTheRootsName(), Content),
        ["identifier of another key"] = test => CoseSign1.Sign(
            test._signer, Collateral.ContentType, Measurement.Of([1]).ToArray(), [test.Certify()], Payload(("minimum_security_version", 1)).Encode()),
        ["certified by another vendor"] = test => Collateral.Issue(test._signer, test.Certify(issuer: new TestVendor().Root), Content),
        ["key that its certificate does not name"] = test => Collateral.Issue(TestVendor.NewKey(), test.Certify(), Content),
        ["device certificate authority"] = test => Collateral.Issue(test._vendor.Dck, test._vendor.DckDer, Content),
        ["alias of a device"] = test => Collateral.Issue(test._vendor.Alias, test._vendor.AliasDer, Content),
        ["certificate expired at signing"] = test => Collateral.Issue(test._signer, test.Certify(plan => plan with { NotAfter = Content.NotBefore.AddSeconds(-1) }), Content),
        ["certificate not yet valid at signing"] = test => Collateral.Issue(test._signer, test.Certify(plan => plan with { NotBefore = Content.NotBefore.AddSeconds(1) }), Content),
        ["certificate that may sign certificates"] = test => Collateral.Issue(
            test._signer, test.Certify(plan => plan.Replacing(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, critical: true))), Content),
        ["certificate with an unknown critical extension"] = test => Collateral.Issue(
            test._signer, test.Certify(plan => plan.Replacing(new X509Extension("1.2.3.4", [5, 0], critical: true))), Content),
    };

    [Theory]
    [MemberData(nameof(BadSigners))]
    public void Verify_SignerWithoutTheRootsWord_IsInvalid(string signer) => AssertInvalid(Signers[signer](this));

    public static TheoryData<string> BadPayloads => [.. Payloads.Keys];

    private static readonly Dictionary<string, CborValue> Payloads = new()
    {
        ["another profile"] = Payload(("profile", "orchestrator/collateral/v2")),
        ["no time of the next update"] = Payload(("next_update", null)),
        ["negative time"] = Payload(("not_before", -1)),
        ["negative security version"] = Payload(("minimum_security_version", -1)),
        ["no security version"] = Payload(("minimum_security_version", null)),
        ["short key"] = Payload(("revoked", new CborArray(new byte[47]))),
        ["unknown field"] = Payload(("extra", 1)),
        ["too many keys"] = Payload(("revoked", new CborArray(Enumerable.Range(0, Collateral.MaxKeys + 1).Select(_ => (CborValue)new byte[48])))),
    };

    [Theory]
    [MemberData(nameof(BadPayloads))]
    public void Verify_PayloadOutsideTheProfile_IsInvalid(string fault) => AssertInvalid(CoseSign1.Sign(
        _vendor.Root, Collateral.ContentType, Measurement.Of(_vendor.Root.ExportSubjectPublicKeyInfo()).ToArray(), [], Payloads[fault].Encode()));

    [Fact]
    public void Verify_OneBitOfAnyByteChanged_IsInvalid()
    {
        foreach (byte[] genuine in new[] { Issue(Content), Collateral.Issue(_signer, Certify(), Content) })
        {
            TrustAnchors anchors = _vendor.Anchors;
            for (int i = 0; i < genuine.Length; i++)
            {
                byte[] altered = [.. genuine];
                altered[i] ^= 1;
                ErrorAssert.Throws(AttestationErrors.CollateralInvalid, () => Collateral.Verify(altered, anchors));
            }
        }
    }

    private static CborMap Payload((string Key, CborValue? Value) change)
    {
        Dictionary<string, CborValue?> fields = new()
        {
            ["profile"] = "orchestrator/collateral/v1",
            ["not_before"] = Content.NotBefore.ToUnixTimeSeconds(),
            ["next_update"] = Content.NextUpdate.ToUnixTimeSeconds(),
            ["revoked"] = new CborArray(),
            ["minimum_security_version"] = 1,
            [change.Key] = change.Value,
        };
        return CborMap.Of(fields.Select(field => (field.Key, field.Value)));
    }

    private byte[] Issue(CollateralContent content) => Collateral.Issue(_vendor.Root, null, content);

    private byte[] Certify(Func<CertificatePlan, CertificatePlan>? alter = null, ECDsa? issuer = null) => (alter ?? (plan => plan))(CertificatePlan.For(
        CertificateProfile.Collateral, TestVendor.Name("collateral", false), _signer, TestVendor.Name("root", true), issuer ?? _vendor.Root)
        with
    { NotBefore = TestVendor.Now.AddDays(-2) }).Issue();

    // A forger can copy the root's name and key identifier, but not its signature.
    private byte[] CertifyInTheRootsName()
    {
        using ECDsa forger = TestVendor.NewKey();
        using X509Certificate2 root = X509CertificateLoader.LoadCertificate(_vendor.RootDer);
        var authority = X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, includeKeyIdentifier: true, includeIssuerAndSerial: false);
        return Certify(plan => plan.Replacing(authority), forger);
    }

    private VerifiedQuote VerifyWith(byte[] collateral, TimeSpan grace = default) =>
        new EvidenceVerifier(_vendor.Anchors, new FixedTime(TestVendor.Now), Collateral.Verify(collateral, _vendor.Anchors), grace).Verify(QuoteMaker.Make(_vendor));

    private void AssertInvalid(byte[] collateral) =>
        ErrorAssert.Throws(AttestationErrors.CollateralInvalid, () => Collateral.Verify(collateral, _vendor.Anchors));
}
