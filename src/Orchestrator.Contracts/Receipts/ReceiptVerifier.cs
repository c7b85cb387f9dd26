using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Receipts;

/// <summary>A receipt by an attested device, complete and consistent with its manifest. Only <see cref="ReceiptVerifier"/> makes one.</summary>
public sealed class VerifiedReceipt
{
    internal VerifiedReceipt(Receipt receipt, VerifiedQuote quote)
    {
        Receipt = receipt;
        Quote = quote;
    }

    /// <summary>What the device states.</summary>
    public Receipt Receipt { get; }

    /// <summary>What it is.</summary>
    public VerifiedQuote Quote { get; }

    /// <summary>Checks that an opened file is bit for bit what the device sealed.</summary>
    /// <param name="kind">What the file is taken for.</param>
    /// <param name="content">SHA-256 of the file.</param>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.ReceiptOutput"/>.</exception>
    public ReceiptOutput RequireContent(OutputKind kind, Digest content) =>
        Receipt.Outputs.FirstOrDefault(output => output.Kind == kind && output.Content == content)
            ?? throw new OrchestratorException(ContractErrors.ReceiptOutput, $"The file's SHA-256 is {content}; the receipt knows no {kind.ToString().ToLowerInvariant()} output of that content.");

    /// <summary>Checks that a sealed output is the one that the receipt speaks of.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.ReceiptOutput"/>.</exception>
    public ReceiptOutput RequireOutput(string name, Digest digest)
    {
        ReceiptOutput output = Receipt.Outputs.FirstOrDefault(candidate => candidate.Name == name)
            ?? throw new OrchestratorException(ContractErrors.ReceiptOutput, $"The receipt knows no output {name}.");
        return output.Digest == digest
            ? output
            : throw new OrchestratorException(ContractErrors.ReceiptOutput, $"Output {name} has digest {digest}; the receipt says {output.Digest}.");
    }
}

/// <summary>Verifies receipts offline, in the order of docs/spec/receipt.md.</summary>
/// <param name="evidence">Knows the roots that the caller trusts.</param>
public sealed class ReceiptVerifier(EvidenceVerifier evidence)
{
    /// <summary>Verifies untrusted bytes.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.ReceiptInvalid"/>, or a code of what is inside:
    /// attestation, manifest, approvals.</exception>
    public VerifiedReceipt Verify(ReadOnlyMemory<byte> bytes)
    {
        (ReadOnlyMemory<byte> evidenceBytes, ReadOnlyMemory<byte> statement) = Split(bytes);
        VerifiedQuote quote = evidence.Verify(Evidence.Parse(evidenceBytes));
        Receipt receipt = VerifyStatement(statement, quote);
        CheckQuote(receipt.Manifest, quote);
        var job = PreparedJob.Of(receipt.Manifest, receipt.Preparations);
        Require(job.Digests.SequenceEqual(quote.Claims.Preparations), "The device attested other outputs of the prepare stages than the receipt holds.");
        CheckAgainstManifest(receipt, job.Content);
        CheckHistory(receipt, quote.Claims.Checkpoint);
        return new VerifiedReceipt(receipt, quote);
    }

    private static void CheckQuote(Manifest manifest, VerifiedQuote quote)
    {
        Require(quote.Claims.Manifest == manifest.Digest, "The device attested another manifest.");
        Require(manifest.Content.Device.Firmware.Contains(quote.Claims.Firmware), "The device ran firmware that the manifest does not accept.");
        Require(
            quote.Claims.SecurityVersion >= manifest.Content.Device.MinimumSecurityVersion,
            $"The device had security version {quote.Claims.SecurityVersion}, below the manifest's {manifest.Content.Device.MinimumSecurityVersion}.");
    }

    private static void CheckAgainstManifest(Receipt receipt, ManifestContent manifest)
    {
        Require(
            receipt.Streams.Select(stream => stream.Stream).SequenceEqual(manifest.Streams.Select(stream => stream.Id)),
            "The receipt's streams are not the manifest's.");
        foreach ((ConsumedStream consumed, ManifestStream stream) in receipt.Streams.Zip(manifest.Streams))
        {
            Require(consumed.Frames == stream.Frames && consumed.Reads >= consumed.Frames, $"Stream {stream.Id} was not read as a whole.");
        }

        Require(receipt.Epochs > 0 && receipt.Epochs <= manifest.Plan.Epochs, "The number of epochs is not the manifest's.");
        Require(
            receipt.Outputs.Select(output => (output.Name, output.Kind)).SequenceEqual(manifest.Outputs.Select(output => (output.Name, output.Kind))),
            "The receipt's outputs are not the manifest's.");
        foreach ((ReceiptOutput delivered, ManifestOutput output) in receipt.Outputs.Zip(manifest.Outputs))
        {
            Require(delivered.Keys.Keys.SequenceEqual(output.Receivers), $"Output {output.Name} is not sealed to exactly its receivers.");
        }
    }

    private static void CheckHistory(Receipt receipt, CheckpointClaim? checkpoint)
    {
        ManifestContent manifest = receipt.Manifest.Content;
        ImmutableArray<ReceiptSession> sessions = receipt.Sessions;
        Require(sessions.Length > 0 && sessions[^1] == new ReceiptSession(receipt.Quote, receipt.Epochs), "The receipt's last session is not the one that signed it.");
        Require((sessions.Length > 1 ? sessions[^2].Epochs : null) == checkpoint?.Epoch, "The device attested another checkpoint than the one that the receipt goes back to.");
        Require(
            sessions.SkipLast(1).All(session => manifest.CheckpointEveryEpochs > 0 && session.Epochs % manifest.CheckpointEveryEpochs == 0)
                && sessions.Zip(sessions.Skip(1)).All(pair => pair.First.Epochs < pair.Second.Epochs),
            "The receipt's sessions do not follow from each other.");
        Require(receipt.Withdrawals.IsEmpty || manifest.Withdrawal == WithdrawalRule.FinishEpoch, "The receipt has a withdrawal that should have ended the job without a result.");
        Require(
            receipt.Epochs == manifest.Plan.Epochs || manifest.Plan.EarlyStopping is not null || !receipt.Withdrawals.IsEmpty,
            "The training ended early, and nothing that the receipt holds allows it.");
    }

    private static (ReadOnlyMemory<byte> Evidence, ReadOnlyMemory<byte> Statement) Split(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return CborValue.Decode(bytes, ReceiptCodec.Limits).As("receipt").AsArray() is [var evidence, var statement]
                ? (evidence.AsBytes(Evidence.MaxBytes), statement.AsBytes(Receipt.MaxBytes))
                : throw Invalid("The receipt does not consist of evidence and a statement.");
        }
        catch (OrchestratorException e) when (e.Code != ContractErrors.ReceiptInvalid)
        {
            throw new OrchestratorException(ContractErrors.ReceiptInvalid, e.Message, inner: e);
        }
    }

    private static Receipt VerifyStatement(ReadOnlyMemory<byte> statement, VerifiedQuote quote)
    {
        CoseSign1 message = Parse(statement);
        using ECDsa alias = quote.AliasKey.Open();
        Require(
            message.TryVerify(alias, Receipt.ContentType, out VerifiedPayload? payload),
            "The statement is not signed by the device whose evidence the receipt holds.");
        Receipt receipt = ReceiptCodec.Decode(payload!.Bytes);
        Require(receipt.Quote == quote.Digest, "The statement was made in another session.");
        return receipt;
    }

    private static CoseSign1 Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return CoseSign1.Parse(bytes, ReceiptCodec.Limits);
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(ContractErrors.ReceiptInvalid, e.Message, inner: e);
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw Invalid(otherwise);
        }
    }

    private static OrchestratorException Invalid(string message) => new(ContractErrors.ReceiptInvalid, message);
}
