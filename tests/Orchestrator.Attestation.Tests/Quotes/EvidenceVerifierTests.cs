using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Tests.Quotes;

public sealed class EvidenceVerifierTests
{
    private readonly TestVendor _vendor = new();

    [Fact]
    public void Verify_GenuineEvidence_GivesItsClaims()
    {
        Evidence evidence = QuoteMaker.Make(_vendor);
        VerifiedQuote quote = QuoteMaker.Verifier(_vendor).Verify(evidence);
        Assert.Equal(QuoteMaker.Claims(_vendor).ToCbor(), quote.Claims.ToCbor());
        Assert.Equal(Orchestrator.Crypto.Digest.Of(evidence.Bytes.Span), quote.Digest);
        Assert.Equal(Measurement.Of(_vendor.Alias.ExportSubjectPublicKeyInfo()), quote.AliasKey.Id);
        Assert.False(quote.RevocationChecked);
    }

    [Fact]
    public void Construct_WithoutAnchors_Refuses() => ErrorAssert.Throws(AttestationErrors.NoAnchors,
        () => _ = new EvidenceVerifier(TrustAnchors.None, new FixedTime(TestVendor.Now), RevocationList.None));

    [Fact]
    public void Verify_AtATimeWhenTheChainIsInvalid_Refuses()
    {
        var verifier = new EvidenceVerifier(_vendor.Anchors, new FixedTime(TestVendor.Now.AddYears(2)), RevocationList.None);
        ErrorAssert.Throws(AttestationErrors.CertificateExpired, () => verifier.Verify(QuoteMaker.Make(_vendor)));
    }

    [Fact]
    public void Verify_EvidenceOfAnotherVendor_Refuses() =>
        ErrorAssert.Throws(AttestationErrors.RootUnknown, () => QuoteMaker.Verifier(new TestVendor()).Verify(QuoteMaker.Make(_vendor)));

    [Fact]
    public void Verify_SignedByAnotherKey_Refuses()
    {
        using ECDsa other = TestVendor.NewKey();
        foreach (ECDsa key in new[] { other, _vendor.DeviceId, _vendor.Dck, _vendor.Root })
        {
            byte[] forged = QuoteMaker.Sign(_vendor, QuoteMaker.Claims(_vendor).ToCbor(), key);
            ErrorAssert.Throws(AttestationErrors.SignatureInvalid, () => QuoteMaker.Verifier(_vendor).Verify(Evidence.Parse(forged)));
        }
    }

    [Fact]
    public void Verify_AnotherObjectSignedByTheDevice_Refuses()
    {
        byte[] receipt = QuoteMaker.Sign(_vendor, QuoteMaker.Claims(_vendor).ToCbor(), contentType: "application/orchestrator-receipt+cbor");
        ErrorAssert.Throws(AttestationErrors.SignatureInvalid, () => QuoteMaker.Verifier(_vendor).Verify(Evidence.Parse(receipt)));
    }

    public static TheoryData<string> Contradictions => [.. Contradicting.Keys];

    private static readonly Dictionary<string, Func<Quote, Quote>> Contradicting = new()
    {
        ["device_id"] = quote => quote with { DeviceId = Measurement.Of([9]) },
        ["firmware.ccu"] = quote => quote with { Firmware = quote.Firmware with { Ccu = Measurement.Of([9]) } },
        ["firmware.icu"] = quote => quote with { Firmware = quote.Firmware with { Icu = Measurement.Of([9]) } },
        ["firmware.tiles"] = quote => quote with { Firmware = quote.Firmware with { Tiles = Measurement.Of([9]) } },
        ["security_version"] = quote => quote with { SecurityVersion = 2 },
        ["debug"] = quote => quote with { Debug = true },
        ["simulated"] = quote => quote with { Simulated = false },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Verify_ClaimThatTheCertificatesContradict_Refuses(string claim) => ErrorAssert.Throws(AttestationErrors.ClaimsDisagree,
        () => QuoteMaker.Verifier(_vendor).Verify(QuoteMaker.Make(_vendor, Contradicting[claim])));

    [Fact]
    public void Verify_OneBitChangedAnywhere_Refuses()
    {
        // Every eighth byte of the certificates and claims, every byte of the frame around them and of the signature.
        byte[] genuine = QuoteMaker.Make(_vendor).Bytes.ToArray();
        EvidenceVerifier verifier = QuoteMaker.Verifier(_vendor);
        foreach (int i in Enumerable.Range(0, genuine.Length).Where(i => i < 64 || i % 8 == 0 || i > genuine.Length - 100))
        {
            byte[] altered = [.. genuine];
            altered[i] ^= 1;
            Exception? refused = Record.Exception(() => verifier.Verify(Evidence.Parse(altered)));
            Assert.True(refused is OrchestratorException, $"byte {i} gave {refused?.GetType().Name ?? "a verified quote"}");
        }
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public void Verify_ClaimChangedAfterSigning_Refuses(string field)
    {
        // One byte of every claim, the payload's length and form kept.
        byte[] genuine = QuoteMaker.Make(_vendor).Bytes.ToArray();
        byte[] name = [(byte)(0x60 + field.Length), .. System.Text.Encoding.ASCII.GetBytes(field)];
        genuine[genuine.AsSpan().LastIndexOf(name) + name.Length] ^= 1;
        Assert.Throws<OrchestratorException>(() => QuoteMaker.Verifier(_vendor).Verify(Evidence.Parse(genuine)));
    }

    public static TheoryData<string> Fields => [.. QuoteMaker.Claims(new TestVendor()).ToCbor() is CborMap map
        ? map.Entries.Select(entry => ((CborText)entry.Key).Value) : []];

    [Theory]
    [MemberData(nameof(Fields))]
    public void Verify_FieldMissingOrOfAnotherType_IsMalformed(string field)
    {
        var claims = (CborMap)QuoteMaker.Claims(_vendor).ToCbor();
        IEnumerable<(CborValue Key, CborValue Value)> others = claims.Entries.Where(entry => entry.Key is CborText text && text.Value != field);
        AssertMalformed(new CborMap(others));
        AssertMalformed(new CborMap(others.Append((field, new CborArray()))));
    }

    [Theory]
    [InlineData("security_version", -1)]
    [InlineData("boot_counter", 0)]
    public void Verify_NumberOutOfRange_IsMalformed(string field, long value) => AssertMalformed(With(field, value));

    [Fact]
    public void Verify_UnknownProfileModeOrField_IsMalformed()
    {
        AssertMalformed(With("profile", "orchestrator/quote/v2"));
        AssertMalformed(With("mode", "debug"));
        AssertMalformed(new CborMap(((CborMap)QuoteMaker.Claims(_vendor).ToCbor()).Entries.Append(("extra", true))));
        AssertMalformed(With("nonces", CborMap.Of((QuoteMaker.Party, new byte[31]))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("d284")]
    [InlineData("d28443a10126a0400000")]
    public void Parse_AnythingElse_IsMalformed(string hex) =>
        ErrorAssert.Throws(AttestationErrors.EvidenceMalformed, () => Evidence.Parse(Convert.FromHexString(hex)));

    [Fact]
    public void Parse_BeyondTheLimit_IsMalformed() =>
        ErrorAssert.Throws(AttestationErrors.EvidenceMalformed, () => Evidence.Parse(new byte[Evidence.MaxBytes + 1]));

    [Fact]
    public void Verify_NoncesOfAThousandParties_AreAllThere()
    {
        ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> nonces = Enumerable.Range(0, 1000).ToImmutableSortedDictionary(
            i => $"party-{i}", i => (ReadOnlyMemory<byte>)new byte[Quote.NonceSize], StringComparer.Ordinal);
        VerifiedQuote quote = QuoteMaker.Verifier(_vendor).Verify(QuoteMaker.Make(_vendor, claims => claims with { Nonces = nonces }));
        Assert.Equal(nonces.Keys, quote.Claims.Nonces.Keys);
    }

    private CborMap With(string field, CborValue value) => new(
        ((CborMap)QuoteMaker.Claims(_vendor).ToCbor()).Entries.Select(entry => entry.Key is CborText text && text.Value == field ? (entry.Key, value) : entry));

    private void AssertMalformed(CborValue payload) => ErrorAssert.Throws(AttestationErrors.EvidenceMalformed,
        () => QuoteMaker.Verifier(_vendor).Verify(Evidence.Parse(QuoteMaker.Sign(_vendor, payload))));
}
