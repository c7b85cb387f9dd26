using System.Security.Cryptography;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;

namespace Orchestrator.Attestation.Tests.Certificates;

public sealed class RevocationListTests
{
    private readonly TestVendor _vendor = new();

    [Fact]
    public void Verify_DeviceNotListed_IsChecked() => Assert.True(VerifyWith(Issue([Measurement.Of([1])])).RevocationChecked);

    [Fact]
    public void Verify_EmptyList_IsChecked() => Assert.True(VerifyWith(Issue([])).RevocationChecked);

    [Theory]
    [InlineData("root")]
    [InlineData("DCK")]
    [InlineData("DeviceID")]
    [InlineData("alias")]
    public void Verify_AnyKeyOfTheChainListed_IsRevoked(string place)
    {
        ECDsa key = place switch { "root" => _vendor.Root, "DCK" => _vendor.Dck, "DeviceID" => _vendor.DeviceId, _ => _vendor.Alias };
        byte[] list = Issue([Measurement.Of([1]), Measurement.Of(key.ExportSubjectPublicKeyInfo())]);
        ErrorAssert.Throws(AttestationErrors.Revoked, () => VerifyWith(list));
    }

    [Fact]
    public void Verify_ListPastItsTimeOrFromTheFuture_IsStale()
    {
        byte[] past = RevocationList.Issue(_vendor.Root, [], TestVendor.Now.AddDays(-2), TestVendor.Now.AddSeconds(-1));
        ErrorAssert.Throws(AttestationErrors.RevocationListStale, () => VerifyWith(past));
        byte[] future = RevocationList.Issue(_vendor.Root, [], TestVendor.Now.AddSeconds(1), TestVendor.Now.AddDays(1));
        ErrorAssert.Throws(AttestationErrors.RevocationListStale, () => VerifyWith(future));
    }

    [Fact]
    public void Verify_ListOfAnotherTrustedVendor_SaysNothing()
    {
        var other = new TestVendor();
        TrustAnchors anchors = _vendor.Anchors.With(other.RootDer);
        RevocationList list = RevocationList.Verify(RevocationList.Issue(other.Root, [], TestVendor.Now, TestVendor.Now), anchors);
        var verifier = new EvidenceVerifier(anchors, new FixedTime(TestVendor.Now), list);
        Assert.False(verifier.Verify(QuoteMaker.Make(_vendor)).RevocationChecked);
    }

    [Fact]
    public void Verify_SignedByAnyoneElse_IsInvalid()
    {
        foreach (ECDsa key in new[] { _vendor.Dck, _vendor.Alias, new TestVendor().Root })
        {
            byte[] list = RevocationList.Issue(key, [], TestVendor.Now, TestVendor.Now);
            ErrorAssert.Throws(AttestationErrors.RevocationListInvalid, () => RevocationList.Verify(list, _vendor.Anchors));
        }
    }

    [Fact]
    public void Verify_OneBitOfAnyByteChanged_IsInvalid()
    {
        byte[] genuine = Issue([Measurement.Of([1])]);
        TrustAnchors anchors = _vendor.Anchors;
        for (int i = 0; i < genuine.Length; i++)
        {
            byte[] altered = [.. genuine];
            altered[i] ^= 1;
            ErrorAssert.Throws(AttestationErrors.RevocationListInvalid, () => RevocationList.Verify(altered, anchors));
        }
    }

    private byte[] Issue(IEnumerable<Measurement> keys) => RevocationList.Issue(_vendor.Root, keys, TestVendor.Now.AddDays(-1), TestVendor.Now.AddDays(1));

    private VerifiedQuote VerifyWith(byte[] list) =>
        QuoteMaker.Verifier(_vendor, RevocationList.Verify(list, _vendor.Anchors)).Verify(QuoteMaker.Make(_vendor));
}
