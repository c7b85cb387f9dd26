using System.Security.Cryptography;
using System.Text;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Verifies receipts, and files against them, without any host: docs/spec/receipt.md.</summary>
public static class ReceiptCheck
{
    /// <summary>Verifies a receipt: the device's evidence by the policy's roots, its signature, all approvals, the statements of all stages, and that the policy accepts such a device and such groups.</summary>
    /// <param name="receipt">Untrusted bytes.</param>
    /// <param name="policy">Whose roots and rules.</param>
    /// <param name="time">The clock that certificates are judged by.</param>
    /// <exception cref="OrchestratorException">What is wrong, <see cref="ResultErrors.DeviceRefused"/> or <see cref="ResultErrors.GroupRefused"/>.</exception>
    public static VerifiedReceipt Verify(ReadOnlyMemory<byte> receipt, PartyPolicy policy, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        VerifiedReceipt verified = new ReceiptVerifier(policy.Verifier(time ?? TimeProvider.System)).Verify(receipt);
        DeviceRequirements device = verified.Receipt.Manifest.Content.Device;
        IReadOnlyList<Denial> denials = policy.Rules.AssessDevice(
            verified.Quote.Claims, verified.Quote.Collateral?.MinimumSecurityVersion, device.Firmware, device.MinimumSecurityVersion);
        Refuse(ResultErrors.DeviceRefused, "the device that ran the job", denials);
        foreach (Preparation made in verified.Receipt.Preparations)
        {
            Refuse(ResultErrors.GroupRefused, $"the group that ran stage {made.Stage.Name}", AssessGroup(made, policy, time ?? TimeProvider.System));
        }

        return verified;
    }

    // The device has attested the statement, and has no roots for processors: whether a processor vouches for the group is the policy's to say.
    private static IReadOnlyList<Denial> AssessGroup(Preparation made, PartyPolicy policy, TimeProvider time) => policy.Groups is { } groups
        ? GroupRelease.Assess(groups.Rules, groups.Verify(made.Evidence, time), made.Stage.Policy, made.Stage.Measurements)
        : [new Denial(GroupErrors.NotTrusted.Id, "snp", "a section snp in the policy", "none", policy.Rules.Party, GroupErrors.NotTrusted.Remedy)];

    private static void Refuse(ErrorCode code, string whom, IReadOnlyList<Denial> denials)
    {
        if (denials.Count > 0)
        {
            throw new OrchestratorException(
                code, $"The policy does not accept {whom}: {string.Join("; ", denials)}.", string.Join(" ", denials.Select(denial => denial.Remedy).Distinct()));
        }
    }

    /// <summary>As <see cref="Verify"/>, from a file.</summary>
    public static VerifiedReceipt VerifyFile(string path, PartyPolicy policy, TimeProvider? time = null) =>
        Verify(LocalFile.ReadAllBytes(path, Receipt.MaxBytes, ResultErrors.ReceiptTooLarge), policy, time);

    /// <summary>Checks that a sealed output is one that a receipt speaks of. Needs no key.</summary>
    /// <exception cref="OrchestratorException"><c>receipt-output-mismatch</c>, or a <c>stream-*</c> code.</exception>
    public static ReceiptOutput RequireSealedOutput(VerifiedReceipt receipt, string path)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        Digest digest = StreamCard.Read(path).Digest;
        ReceiptOutput? output = receipt.Receipt.Outputs.FirstOrDefault(candidate => candidate.Digest == digest);
        return output ?? throw new OrchestratorException(Contracts.ContractErrors.ReceiptOutput, $"{path} has the digest {digest}, which is no output of the receipt.");
    }

    /// <summary>Checks that an opened model is bit for bit what the device sealed. Needs no key.</summary>
    /// <exception cref="OrchestratorException"><c>receipt-output-mismatch</c>, or the file cannot be read.</exception>
    public static ReceiptOutput RequireModel(VerifiedReceipt receipt, string path)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        using FileStream file = LocalFile.OpenRead(path);
        return receipt.RequireContent(OutputKind.Model, new Digest(LocalFile.Guard(path, () => SHA256.HashData(file))));
    }

    /// <summary>Reads opened metrics, once they are bit for bit what the device sealed. Needs no key.</summary>
    /// <exception cref="OrchestratorException"><c>receipt-output-mismatch</c>, or as <see cref="TrainingMetrics.Read"/>.</exception>
    public static TrainingMetrics ReadMetrics(VerifiedReceipt receipt, string path)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        byte[] file = LocalFile.ReadAllBytes(path, TrainingMetrics.MaxBytes, ResultErrors.MetricsInvalid);
        receipt.RequireContent(OutputKind.Metrics, Digest.Of(file));
        return TrainingMetrics.Parse(Encoding.UTF8.GetString(file));
    }

    internal static StreamKey OutputKeyOf(VerifiedReceipt receipt, ReceiptOutput output, Party party) =>
        output.Keys.TryGetValue(party.Name, out ReadOnlyMemory<byte> sealedKey)
        && OutputKey.TryOpen(sealedKey.Span, party.Keys.SealingKey, receipt.Receipt.Manifest.Digest, output.Name, party.Name, out StreamKey? key)
            ? key
            : throw new OrchestratorException(Contracts.ContractErrors.OutputNotYours, $"{party.Name} does not receive {output.Name}.");
}
