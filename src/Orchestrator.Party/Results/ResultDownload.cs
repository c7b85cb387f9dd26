using System.Security.Cryptography;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>An output that this party received.</summary>
/// <param name="Name">As in the manifest.</param>
/// <param name="Kind">As in the manifest.</param>
/// <param name="Path">The opened file: <c>.safetensors</c> for a model, <c>.jsonl</c> for metrics.</param>
/// <param name="SealedPath">The same as the device sealed it, which a receipt can be checked against without a key.</param>
public sealed record DeliveredOutput(string Name, OutputKind Kind, string Path, string SealedPath);

/// <summary>The result of a job.</summary>
/// <param name="Receipt">The device's statement, verified.</param>
/// <param name="ReceiptPath">Where it is kept.</param>
/// <param name="Outputs">What this party received.</param>
public sealed record JobResult(VerifiedReceipt Receipt, string ReceiptPath, IReadOnlyList<DeliveredOutput> Outputs)
{
    /// <summary>The metrics of every reported epoch; null if this party receives none.</summary>
    public TrainingMetrics? ReadMetrics() =>
        Outputs.FirstOrDefault(output => output.Kind == OutputKind.Metrics) is { } metrics ? TrainingMetrics.Read(metrics.Path) : null;
}

/// <summary>Fetches, verifies and opens a job's outputs. Files appear when everything is verified, or not at all.</summary>
internal sealed class ResultDownload(Party party, HostConnection host, PartyPolicy policy)
{
    public const string ReceiptFile = "receipt.cose";

    public async Task<JobResult> RunAsync(Digest job, string folder, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        Job state = await host.JobAsync(job, cancel);
        RequireCompleted(state, job);
        VerifiedReceipt receipt = ReceiptCheck.Verify(state.Receipt.Memory, policy, party.Time);
        if (receipt.Receipt.Manifest.Digest != job)
        {
            throw new OrchestratorException(ResultErrors.OtherJob, $"The host gave the receipt of {receipt.Receipt.Manifest.Digest} for the job {job}.");
        }

        Accept(receipt);
        LocalFile.Guard(folder, () => Directory.CreateDirectory(folder));
        var files = new List<AtomicFile>();
        var outputs = new List<DeliveredOutput>();
        try
        {
            foreach (ReceiptOutput output in receipt.Receipt.Outputs.Where(output => output.Keys.ContainsKey(party.Name)))
            {
                outputs.Add(await FetchAsync(receipt, output, folder, files, progress, cancel));
            }

            string receiptPath = Path.Combine(folder, ReceiptFile);
            AtomicFile receiptFile = Begin(receiptPath, files);
            receiptFile.Stream.Write(state.Receipt.Span);
            files.ForEach(file => file.Commit());
            return new JobResult(receipt, receiptPath, outputs);
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
    }

    // In one turn with the agent: it has released to a later session, and this is not the job's result any more, or it never will. So all parties accept the same.
    private void Accept(VerifiedReceipt receipt)
    {
        Digest job = receipt.Receipt.Manifest.Digest;
        using FileTurn turn = party.Keys.TakeTurn();
        if (party.Keys.FindSession(job) is { } last && !last.Gives(receipt))
        {
            throw new OrchestratorException(
                ResultErrors.Superseded, $"The receipt is of session {receipt.Quote.Digest}; {party.Name} released its keys last to session {last.Quote}, in boot {last.Memory.BootCounter} of its device.");
        }

        party.Keys.RemoveApproval(job);
    }

    private async Task<DeliveredOutput> FetchAsync(
        VerifiedReceipt receipt, ReceiptOutput output, string folder, List<AtomicFile> files, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        string extension = output.Kind == OutputKind.Model ? "safetensors" : "jsonl";
        var delivered = new DeliveredOutput(
            output.Name, output.Kind, Path.Combine(folder, $"{output.Name}.{extension}"), Path.Combine(folder, $"{output.Name}.itx"));
        AtomicFile sealedFile = Begin(delivered.SealedPath, files);
        await PullAsync(output, sealedFile.Stream, progress, cancel);

        AtomicFile opened = Begin(delivered.Path, files);
        using StreamKey key = ReceiptCheck.OutputKeyOf(receipt, output, party);
        sealedFile.Stream.Position = 0;
        using StreamOpener opener = StreamOpener.OpenPinned(sealedFile.Stream, key, output.Digest);
        opener.CopyTo(opened.Stream, cancel);
        opened.Stream.Position = 0;
        receipt.RequireContent(output.Kind, new Digest(await SHA256.HashDataAsync(opened.Stream, cancel)));
        return delivered;
    }

    private async Task PullAsync(ReceiptOutput output, Stream destination, IProgress<WorkProgress>? progress, CancellationToken cancel)
    {
        try
        {
            await host.Transfer.PullAsync(output.Digest, destination, host.MaximumDownloadBytes, progress, cancel);
        }
        catch (OrchestratorException e) when (e.Code.Class == ErrorClass.NotFound)
        {
            throw new OrchestratorException(Contracts.ContractErrors.ReceiptOutput, $"The host has not got {output.Name} as the device sealed it, with the digest {output.Digest}.", inner: e);
        }
    }

    private static AtomicFile Begin(string path, List<AtomicFile> files)
    {
        AtomicFile file = AtomicFile.Create(path, LocalFile.OwnerOnly);
        files.Add(file);
        return file;
    }

    private static void RequireCompleted(Job state, Digest job)
    {
        if (state.State == JobState.Withdrawn && !state.Receipt.IsEmpty)
        {
            return; // The epoch at hand was finished, and its model delivered.
        }

        if (state.State is JobState.Failed or JobState.Withdrawn or JobState.Cancelled)
        {
            throw JobErrors.Ended(job, state.State, state.Failure);
        }

        if (state.State != JobState.Completed)
        {
            throw new OrchestratorException(JobErrors.NotCompleted, $"The job {job} is {state.State.ToString().ToLowerInvariant()}.");
        }
    }
}
