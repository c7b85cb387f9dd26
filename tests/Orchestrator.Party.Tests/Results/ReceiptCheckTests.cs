using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Sdk.Tests.Results;

public sealed class ReceiptCheckTests : IAsyncLifetime
{
    private static readonly TimeProvider s_time = new FixedTime(TestVendor.Now);

    private readonly TestVendor _vendor = new();
    private Consortium _parties = null!;
    private Manifest _manifest = null!;
    private byte[] _receipt = [];

    public async ValueTask InitializeAsync()
    {
        _parties = await Consortium.CreateAsync();
        JobFile job = JobFile.Parse(_parties.JobYaml(), _parties[""]);
        _manifest = JobCompiler.Compile(job with { Device = new DeviceRequirements([TestVendor.Firmware], 1) });
        File.WriteAllText(_parties["root.pem"], PemEncoding.WriteString("CERTIFICATE", _vendor.RootDer));
        File.WriteAllText(_parties["model.safetensors"], "the trained parameters");
        _receipt = MakeReceipt();
        File.WriteAllBytes(_parties["receipt.cose"], _receipt);
    }

    public ValueTask DisposeAsync()
    {
        _parties.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Receipt_OfAnHonestDevice_IsVerifiedOffline()
    {
        VerifiedReceipt receipt = ReceiptCheck.VerifyFile(_parties["receipt.cose"], Policy(), s_time);

        Assert.Equal(_manifest.Digest, receipt.Receipt.Manifest.Digest);
        Assert.Equal("model", ReceiptCheck.RequireSealedOutput(receipt, _parties["sealed-model.itx"]).Name);
        Assert.Equal("model", ReceiptCheck.RequireModel(receipt, _parties["model.safetensors"]).Name);
    }

    [Theory]
    [InlineData("the trained parameterz")]
    [InlineData("the trained parameters!")]
    [InlineData("the trained")]
    [InlineData("")]
    public void Model_OtherThanTheOneDelivered_IsNoticed(string content)
    {
        VerifiedReceipt receipt = ReceiptCheck.Verify(_receipt, Policy(), s_time);
        File.WriteAllText(_parties["model.safetensors"], content);

        Assert.Equal(
            "receipt-output-mismatch",
            Failures.CodeOf(() => ReceiptCheck.RequireModel(receipt, _parties["model.safetensors"])).Id);
    }

    [Fact]
    public void Model_OfAnotherJob_IsNoOutputOfTheReceipt()
    {
        VerifiedReceipt receipt = ReceiptCheck.Verify(_receipt, Policy(), s_time);
        Assert.Equal("receipt-output-mismatch", Failures.CodeOf(() => ReceiptCheck.RequireSealedOutput(receipt, _parties["a.itx"])).Id);
    }

    [Fact]
    public void Receipt_OfADeviceThatThePolicyRefuses_IsRefused() =>
        Assert.Same(ResultErrors.DeviceRefused, Failures.CodeOf(() => ReceiptCheck.Verify(_receipt, Policy("unknown_revocation"), s_time)));

    [Fact]
    public void Receipt_ThatThePolicyRefusesTwice_SaysBoth()
    {
        OrchestratorException refused = Assert.Throws<OrchestratorException>(() => ReceiptCheck.Verify(_receipt, Policy(""), s_time));
        Assert.Contains("release-device-simulated", refused.Message, StringComparison.Ordinal);
        Assert.Contains("release-revocation-unknown", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evidence_OutOfAReceipt_IsTheEvidenceThatItHolds()
    {
        File.WriteAllBytes(_parties["receipt.cose"], _receipt);
        (VerifiedQuote quote, IReadOnlyList<Attestation.Policies.Denial> denials) = EvidenceCheck.Verify(EvidenceCheck.ReadFile(_parties["receipt.cose"]), Policy(), s_time);
        Assert.Equal(ReceiptCheck.Verify(_receipt, Policy(), s_time).Quote.Digest, quote.Digest);
        Assert.Empty(denials);
    }

    [Fact]
    public void Receipt_OfAForeignVendorsDevice_IsRefused()
    {
        File.WriteAllText(_parties["root.pem"], PemEncoding.WriteString("CERTIFICATE", new TestVendor().RootDer));
        Assert.StartsWith("attestation-", Failures.CodeOf(() => ReceiptCheck.Verify(_receipt, Policy(), s_time)).Id, StringComparison.Ordinal);
    }

    [Fact]
    public void Receipt_AnyByteFlipped_IsRefused()
    {
        PartyPolicy policy = Policy();
        for (int i = 0; i < _receipt.Length; i += 41)
        {
            byte[] altered = [.. _receipt];
            altered[i] ^= 1;
            Failures.CodeOf(() => ReceiptCheck.Verify(altered, policy, s_time));
        }
    }

    [Fact]
    public void File_ThatIsNoReceipt_IsRefused() =>
        Assert.Equal("receipt-invalid", Failures.CodeOf(() => ReceiptCheck.VerifyFile(_parties["a.csv"], Policy(), s_time)).Id);

    private PartyPolicy Policy(string allow = "simulated_devices, unknown_revocation") =>
        PartyPolicy.Parse($"format: orchestrator/release-policy/v1\nroots: [root.pem]\nallow: [{allow}]\n", "lab", _parties[""]);

    private byte[] MakeReceipt()
    {
        Evidence evidence = QuoteMaker.Make(_vendor, quote => quote with { Manifest = _manifest.Digest });
        using StreamKey key = StreamKey.Generate();
        return new Receipt
        {
            Manifest = _manifest,
            Approvals = [.. _parties.All.OrderBy(party => party.Name, StringComparer.Ordinal).Select(party => Approval.Sign(_manifest, party.Name, party.Keys.SigningKey))],
            Quote = evidence.Digest,
            Streams = [.. _manifest.Content.Streams.Select(stream => new ConsumedStream(stream.Id, stream.Frames, stream.Frames))],
            Epochs = _manifest.Content.Plan.Epochs,
            Sessions = [new ReceiptSession(evidence.Digest, _manifest.Content.Plan.Epochs)],
            Outputs = [new ReceiptOutput("model", OutputKind.Model, SealModel(key), Digest.Of(File.ReadAllBytes(_parties["model.safetensors"])), ImmutableSortedDictionary.Create<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal)
                .Add("lab", OutputKey.Seal(key, _parties.Lab.Identity.SealingKey, _manifest.Digest, "model", "lab")))],
        }.Sign(_vendor.Alias, evidence.Bytes);
    }

    private Digest SealModel(StreamKey key)
    {
        using FileStream file = File.Create(_parties["sealed-model.itx"]);
        using var sealer = new StreamSealer(file, key, StreamHeader.Create(StreamKind.Model, "device") with { Run = 1 });
        sealer.Write(File.ReadAllBytes(_parties["model.safetensors"]));
        return sealer.Finish();
    }
}
