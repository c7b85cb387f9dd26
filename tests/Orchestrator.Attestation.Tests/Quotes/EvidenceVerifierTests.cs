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
        Assert.Null(quote.Collateral);
    }

    [Fact]
    public void Construct_WithoutAnchors_Refuses() => ErrorAssert.Throws(AttestationErrors.NoAnchors,
        () => _ = new EvidenceVerifier(TrustAnchors.None, new FixedTime(TestVendor.Now), Collateral.None));

    [Fact]
    public void Verify_AtATimeWhenTheChainIsInvalid_Refuses()
    {
        var verifier = new EvidenceVerifier(_vendor.Anchors, new FixedTime(TestVendor.Now.AddYears(2)), Collateral.None);
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
        ["ueid"] = quote => quote with { Ueid = Quote.UeidOf(Measurement.Of([9])) },
        ["oemid"] = quote => quote with { OemId = Quote.OemIdOf(Measurement.Of([9])) },
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
    [MemberData(nameof(Claims))]
    public void Verify_ClaimChangedAfterSigning_Refuses(long key)
    {
        // The last byte of every claim's value, the message's length and form kept where the claim allows it.
        byte[] genuine = QuoteMaker.Make(_vendor).Bytes.ToArray();
        CborValue value = QuoteMaker.Claims(_vendor).ToCbor() is CborMap claims && claims.TryGet(key, out CborValue? found) ? found : CborValue.Null;
        byte[] entry = [.. ((CborValue)key).Encode(), .. value.Encode()];
        int at = genuine.AsSpan().LastIndexOf(entry);
        Assert.True(at > 0, "the claim is in the message");
        genuine[at + entry.Length - 1] ^= 1;
        Assert.Throws<OrchestratorException>(() => QuoteMaker.Verifier(_vendor).Verify(Evidence.Parse(genuine)));
    }

    public static TheoryData<long> Claims => [.. QuoteMaker.Claims(new TestVendor()).ToCbor() is CborMap map
        ? map.Entries.Select(entry => ((CborInt)entry.Key).Value) : []];

    [Theory]
    [MemberData(nameof(Claims))]
    public void Verify_ClaimMissingOrOfAnotherType_IsMalformed(long key)
    {
        var claims = (CborMap)QuoteMaker.Claims(_vendor).ToCbor();
        IEnumerable<(CborValue Key, CborValue Value)> others = claims.Entries.Where(entry => !entry.Key.Equals(key));
        AssertMalformed(new CborMap(others));
        AssertMalformed(new CborMap(others.Append((key, CborValue.Null))));
        AssertMalformed(new CborMap(others.Append((key, new CborArray()))));
    }

    public static TheoryData<string> MalformedClaims => [.. Malformed.Keys];

    private static readonly Dictionary<string, (long Key, CborValue Value)> Malformed = new()
    {
        ["profile of version 3"] = (265, "tag:orchestrator.invalid,2026:quote/v3"),
        ["mode of another name"] = (-70001, "debug"),
        ["unknown private claim"] = (-70010, true),
        ["unknown registered claim"] = (6, 1_700_000_000),
        ["claim under a text"] = (0, CborValue.Null),
        ["negative security version"] = (-70003, -1),
        ["boot count 0"] = (267, 0),
        ["short nonce"] = (10, new CborArray(new byte[31], new byte[32])),
        ["one nonce for two parties"] = (10, new byte[32]),
        ["three nonces for two parties"] = (10, new CborArray(new byte[32], new byte[32], new byte[32])),
        ["parties out of order"] = (-70008, new CborArray("lab", "clinic")),
        ["a party twice"] = (-70008, new CborArray("lab", "lab")),
        ["debugging disabled permanently"] = (263, 3),
        ["hardware model of controls"] = (259, new byte[] { 27, 91 }),
        ["hardware version with a scheme"] = (260, new CborArray("1", 1)),
        ["two measurement tags"] = (273, new CborArray(Measurements(), Measurements())),
        ["measurement of another format"] = (273, new CborArray(new CborArray(259, new byte[10]))),
        ["measurements of three parts"] = (273, new CborArray(new CborArray(258, Coswid("ccu", "icu", "tiles").Encode()))),
        ["measurements in another order"] = (273, new CborArray(new CborArray(258, Coswid("ccu", "bootloader", "icu", "tiles").Encode()))),
        ["checkpoint without epoch"] = (-70009, CborMap.Of(("digest", new byte[32]), ("counter", 1))),
        ["checkpoint of null"] = (-70009, CborValue.Null),
    };

    [Theory]
    [MemberData(nameof(MalformedClaims))]
    public void Verify_ClaimOutsideTheProfile_IsMalformed(string name)
    {
        (long key, CborValue value) = Malformed[name];
        CborValue label = key == 0 ? "extra" : key;
        IEnumerable<(CborValue, CborValue)> others = ((CborMap)QuoteMaker.Claims(_vendor).ToCbor()).Entries.Where(entry => !entry.Key.Equals(label));
        AssertMalformed(new CborMap(others.Append((label, value))));
    }

    [Fact]
    public void Verify_ClaimTwice_IsMalformed()
    {
        // No CborMap has a key twice, so the bytes are put together: the head counts one entry more, and the last entry comes again.
        byte[] payload = QuoteMaker.Claims(_vendor).ToCbor().Encode();
        Assert.Equal(0xa0 + 18, payload[0]);
        byte[] twice = [0xa0 + 19, .. payload[1..], .. ((CborValue)(-70008L)).Encode(), .. new CborArray("clinic", "lab").Encode()];
        ErrorAssert.Throws(AttestationErrors.EvidenceMalformed,
            () => QuoteMaker.Verifier(_vendor).Verify(Evidence.Parse(QuoteMaker.Sign(_vendor, twice))));
    }

    [Fact]
    public void Verify_QuoteOfASessionThatResumes_NamesTheCheckpoint()
    {
        var checkpoint = new CheckpointClaim(Orchestrator.Crypto.Digest.Of([1]), Epoch: 5, Counter: 2);
        Assert.Equal(checkpoint, QuoteMaker.Verifier(_vendor).Verify(QuoteMaker.Make(_vendor, quote => quote with { Checkpoint = checkpoint })).Claims.Checkpoint);
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

    private static CborArray Measurements() => new(258, Coswid("bootloader", "ccu", "icu", "tiles").Encode());

    private static CborMap Coswid(params string[] parts) => new(
        (0, "orchestrator/firmware"), (1, "orchestrator/firmware"), (12, 0), (2, new CborMap((31, "Orchestrator"), (33, 1))),
        (3, new CborMap((17, new CborArray(parts.Select(part => (CborValue)new CborMap((24, part), (7, new CborArray(7, new byte[48])))))))));

    private void AssertMalformed(CborValue payload) => ErrorAssert.Throws(AttestationErrors.EvidenceMalformed,
        () => QuoteMaker.Verifier(_vendor).Verify(Evidence.Parse(QuoteMaker.Sign(_vendor, payload))));
}
