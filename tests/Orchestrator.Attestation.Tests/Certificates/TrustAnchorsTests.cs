using System.Security.Cryptography;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Tests.Support;

namespace Orchestrator.Attestation.Tests.Certificates;

public sealed class TrustAnchorsTests
{
    [Fact]
    public void WithPem_TwoRoots_TrustsBoth()
    {
        var first = new TestVendor();
        var second = new TestVendor();
        TrustAnchors anchors = TrustAnchors.None.WithPem(Pem(first.RootDer) + "\n" + Pem(second.RootDer));
        CertificateChain.Verify(first.Presented, anchors, TestVendor.Now);
        CertificateChain.Verify(second.Presented, anchors, TestVendor.Now);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no certificate here")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public void WithPem_AnythingElse_IsInvalid(string pem) =>
        ErrorAssert.Throws(AttestationErrors.AnchorInvalid, () => TrustAnchors.None.WithPem(pem));

    [Fact]
    public void WithPem_ARootUnderAnotherLabel_IsInvalid() =>
        ErrorAssert.Throws(AttestationErrors.AnchorInvalid, () => TrustAnchors.None.WithPem(PemEncoding.WriteString("X509 CRL", new TestVendor().RootDer)));

    [Fact]
    public void With_CertificateOfAnotherPlace_IsInvalid() =>
        ErrorAssert.Throws(AttestationErrors.AnchorInvalid, () => TrustAnchors.None.With(new TestVendor().DckDer));

    [Fact]
    public void With_RootNotSignedByItself_IsInvalid()
    {
        using ECDsa other = TestVendor.NewKey();
        var vendor = new TestVendor(plan => plan.Place == "root" ? plan with { IssuerKey = other } : plan);
        ErrorAssert.Throws(AttestationErrors.AnchorInvalid, () => TrustAnchors.None.With(vendor.RootDer));
    }

    private static string Pem(byte[] der) => PemEncoding.WriteString("CERTIFICATE", der);
}
