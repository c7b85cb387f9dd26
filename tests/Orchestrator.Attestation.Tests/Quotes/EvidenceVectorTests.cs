using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Tests.Quotes;

/// <summary>Evidence that another implementation made (tests/Vectors/quote/generate.py).</summary>
public sealed class EvidenceVectorTests
{
    private static readonly JsonElement Vectors = Read();

    private readonly TrustAnchors _anchors = TrustAnchors.None.WithPem(Vectors.GetProperty("root_pem").GetString());
    private readonly FixedTime _time = new(Vectors.GetProperty("time").GetDateTimeOffset());

    public static TheoryData<string> Cases => [.. Vectors.GetProperty("cases").EnumerateArray().Select(vector => vector.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Verify_Vector_GivesItsResult(string name)
    {
        JsonElement vector = Vectors.GetProperty("cases").EnumerateArray().Single(candidate => candidate.GetProperty("name").GetString() == name);
        string? code = vector.GetProperty("code").GetString();
        if (code is null)
        {
            Assert.Equal(vector.GetProperty("collateral").ValueKind != JsonValueKind.Null, Verify(vector).Collateral is not null);
        }
        else
        {
            Assert.Equal(code, Assert.Throws<OrchestratorException>(() => Verify(vector)).Code.Id);
        }
    }

    [Fact]
    public void Cases_CoverEveryCodeThatVerificationCanGive()
    {
        // What a verifier is made of, and what an agent remembers.
        string[] outside = [AttestationErrors.NoAnchors.Id, AttestationErrors.AnchorInvalid.Id, AttestationErrors.RootUnknown.Id, AttestationErrors.CollateralRolledBack.Id];
        IEnumerable<string> all = typeof(AttestationErrors).GetFields().Select(field => field.GetValue(null)).OfType<ErrorCode>().Select(code => code.Id);
        IEnumerable<string> covered = Vectors.GetProperty("cases").EnumerateArray().Select(vector => vector.GetProperty("code").GetString()).OfType<string>().Distinct();
        Assert.Equal(all.Except(outside).Order(), covered.Order());
    }

    [Fact]
    public void Steps_OfTheGenuineEvidence_AreTheVectors()
    {
        JsonElement steps = Vectors.GetProperty("steps");
        Evidence evidence = Evidence.Parse(Hex(steps, "evidence"));
        VerifiedQuote quote = new EvidenceVerifier(_anchors, _time, Collateral.None).Verify(evidence);

        Assert.Equal(steps.GetProperty("evidence_sha256").GetString(), quote.Digest.ToString());
        Assert.Equal(Hex(steps, "payload"), quote.Claims.ToCbor().Encode());
        (string Place, DeviceCertificate Certificate)[] chain =
            [("root", quote.Chain.Root), ("dck", quote.Chain.Dck), ("device", quote.Chain.DeviceId), ("alias", quote.Chain.Alias)];
        Assert.All(chain, place => Assert.Equal(steps.GetProperty("key_ids").GetProperty(place.Place).GetString(), place.Certificate.PublicKey.Id.ToString()));
        Assert.Equal(Hex(steps.GetProperty("tcb_infos"), "device"), quote.Chain.DeviceId.Tcb!.Encode());
        Assert.Equal(Hex(steps.GetProperty("tcb_infos"), "alias"), quote.Chain.Alias.Tcb!.Encode());
        byte[] toBeSigned = new CborArray("Signature1", Hex(steps, "protected_header"), Array.Empty<byte>(), Hex(steps, "payload")).Encode();
        Assert.Equal(Hex(steps, "sig_structure_sha384"), SHA384.HashData(toBeSigned));
    }

    private VerifiedQuote Verify(JsonElement vector)
    {
        string? given = vector.GetProperty("collateral").GetString();
        Collateral collateral = given is null ? Collateral.None : Collateral.Verify(Convert.FromHexString(given), _anchors);
        return new EvidenceVerifier(_anchors, _time, collateral).Verify(Evidence.Parse(Hex(vector, "evidence")));
    }

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);

    private static JsonElement Read()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string file = Path.Combine(at.FullName, "tests", "Vectors", "quote", "evidence.json");
            if (File.Exists(file))
            {
                return JsonDocument.Parse(File.ReadAllText(file)).RootElement;
            }
        }

        throw new FileNotFoundException("tests/Vectors/quote/evidence.json is not above the test assembly.");
    }
}
