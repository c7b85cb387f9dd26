using System.Text;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Tests;

public sealed class ApprovalTests
{
    private readonly SampleJob _job = new();

    [Fact]
    public void Verify_OfASignedApproval_NamesItsParty()
    {
        VerifiedApproval signed = Approval.Sign(_job.Manifest, "clinic-a", _job.SigningKeyOf("clinic-a"));

        Assert.Equal("clinic-a", Approval.Verify(signed.Bytes, _job.Manifest).Party);
    }

    [Fact]
    public void Verify_OfAnyFlippedByte_IsRefused()
    {
        byte[] bytes = Approval.Sign(_job.Manifest, "clinic-a", _job.SigningKeyOf("clinic-a")).Bytes.ToArray();
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] altered = [.. bytes];
            altered[i] ^= 0x01;
            Assert.Throws<OrchestratorException>(() => Approval.Verify(altered, _job.Manifest));
        }
    }

    [Fact]
    public void Verify_AgainstAnotherManifest_SaysSo()
    {
        VerifiedApproval signed = Approval.Sign(_job.Manifest, "clinic-a", _job.SigningKeyOf("clinic-a"));
        Manifest other = Manifest.Create(_job.Content with { Serial = 8 });

        AssertCode(ContractErrors.ApprovalOtherManifest, () => Approval.Verify(signed.Bytes, other));
    }

    // A party's own key signs whatever the party likes.
    [Theory]
    [InlineData("clinic-a", "clinic-b", 0, "is not the signer")]
    [InlineData("Clinic A", "Clinic A", 0, "signer's name")]
    [InlineData("clinic-a", "clinic-a", 5000, "at most 4096")]
    public void Verify_OfAMessageThatIsNotAsSignMakesThem_SaysWhatIsWrong(string signer, string party, int padding, string said)
    {
        byte[] payload = CborMap.Of(("type", "orchestrator/approval/v1"), ("manifest", _job.Manifest.Digest), ("party", party), ("padding", padding == 0 ? (CborValue?)null : new string('x', padding))).Encode();
        byte[] message = CoseSign1.Sign(_job.SigningKeyOf("clinic-a"), Approval.ContentType, Encoding.UTF8.GetBytes(signer), payload);

        OrchestratorException error = AssertCode(ContractErrors.ApprovalInvalid, () => Approval.Verify(message, _job.Manifest));

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sign_WithAnotherPartysKey_IsRefused() =>
        AssertCode(ContractErrors.ApprovalInvalid, () => Approval.Sign(_job.Manifest, "clinic-a", _job.SigningKeyOf("clinic-b")));

    [Fact]
    public void Sign_ByAStranger_IsRefused()
    {
        using var key = PartySigningKey.Generate();

        AssertCode(ContractErrors.ApprovalStranger, () => Approval.Sign(_job.Manifest, "stranger", key));
    }

    [Fact]
    public void VerifyAll_WhenAllHaveSigned_GivesThemInTheManifestsOrder()
    {
        string[] parties = ["lab", "clinic-b", "clinic-a"];

        Assert.Equal(
            ["clinic-a", "clinic-b", "lab"],
            Approval.VerifyAll(parties.Select(Signed), _job.Manifest).Select(approval => approval.Party));
    }

    [Fact]
    public void VerifyAll_WithoutOne_NamesTheMissingParty()
    {
        var error = AssertCode(ContractErrors.ApprovalMissing, () => Approval.VerifyAll([Signed("lab"), Signed("clinic-a")], _job.Manifest));

        Assert.Contains("clinic-b", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyAll_WithOneTwice_IsRefused() =>
        AssertCode(ContractErrors.ApprovalInvalid, () => Approval.VerifyAll([Signed("lab"), Signed("lab")], _job.Manifest));

    private ReadOnlyMemory<byte> Signed(string party) => Approval.Sign(_job.Manifest, party, _job.SigningKeyOf(party)).Bytes;

    private static OrchestratorException AssertCode(ErrorCode code, Action action)
    {
        var error = Assert.Throws<OrchestratorException>(action);
        Assert.Equal(code.Id, error.Code.Id);
        return error;
    }
}
