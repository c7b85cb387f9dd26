using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.EndToEnd.Tests.Infrastructure;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>The job as it is meant to go, judged by what each party holds afterwards.</summary>
[Collection<FinishedJob.Collection>]
public sealed class TrainingTests(FinishedJob finished)
{
    [Fact]
    public void Job_AgreedOn_GoesThroughItsStatesInOrder()
    {
        Assert.Equal(
            ["proposed", "approved", "approved", "approved", "approved_by_all", "queued", "device_assigned", "quote_relayed",
             "key_package_relayed", "key_package_relayed", "key_package_relayed", "running", "progress", "completed"],
            finished.Events.Select(happened => happened.Kind).Where((kind, i) => i == 0 || kind != "progress" || finished.Events[i - 1].Kind != "progress"));
        Assert.Equal(Enumerable.Range(1, finished.Events.Count).Select(number => (ulong)number), finished.Events.Select(happened => happened.Sequence));
        Assert.Equal(["clinic-a", "clinic-b", "lab"], finished.Events.Where(happened => happened.Kind == "key_package_relayed").Select(happened => happened.Party).Order());
    }

    [Fact]
    public void Model_OnHeldOutData_IsAccurate()
    {
        JobResult result = finished.Results[finished.Parties.Lab];
        TrainingMetrics metrics = ReceiptCheck.ReadMetrics(result.Receipt, result.Outputs.Single(output => output.Kind == OutputKind.Metrics).Path);

        Assert.InRange(metrics.Final[MetricNames.Accuracy], 0.95, 1);
        Assert.Equal([MetricNames.Accuracy, MetricNames.TrainLoss], metrics.Final.Keys.Order());
    }

    [Fact]
    public void Metrics_Altered_AreNotTheReceipts()
    {
        JobResult result = finished.Results[finished.Parties.Lab];
        string altered = finished.Folder["altered.jsonl"];
        File.WriteAllText(altered, File.ReadAllText(result.Outputs.Single(output => output.Kind == OutputKind.Metrics).Path).TrimEnd());

        var refusal = Assert.Throws<OrchestratorException>(() => ReceiptCheck.ReadMetrics(result.Receipt, altered));
        Assert.Equal("receipt-output-mismatch", refusal.Code.Id);
    }

    [Fact]
    public async Task Model_EqualsTheOneTrainedOnPlaintext() =>
        Assert.Equal(await PlaintextTraining.RunAsync(finished.Manifest, finished.Folder["plaintext"]), File.ReadAllBytes(finished.Model.Path));

    [Fact]
    public async Task Model_OfTheSameJobUnderAnotherSerial_HasTheSameBits()
    {
        (Digest again, JobEvent last, _) = await finished.RunAsync(finished.NewJob());
        JobResult result = await finished.Parties.Lab.Host.ResultAsync(again, finished.Folder["again"], finished.Parties.Lab.Policy);

        Assert.Equal(JobState.Completed, last.State);
        Assert.NotEqual(finished.Job, again);
        DeliveredOutput model = result.Outputs.Single(output => output.Kind == OutputKind.Model);
        Assert.Equal(File.ReadAllBytes(finished.Model.Path), File.ReadAllBytes(model.Path));
        Assert.NotEqual(File.ReadAllBytes(finished.Model.SealedPath), File.ReadAllBytes(model.SealedPath));
    }

    [Fact]
    public void Outputs_AreDeliveredToTheirReceiversOnly()
    {
        Assert.Equal(["metrics", "model"], finished.Results[finished.Parties.Lab].Outputs.Select(output => output.Name).Order());
        Assert.Equal(["metrics"], finished.Results[finished.Parties.ClinicA].Outputs.Select(output => output.Name));
        Assert.Empty(finished.Results[finished.Parties.ClinicB].Outputs);

        TrainingMetrics[] metrics = [.. new[] { finished.Parties.Lab, finished.Parties.ClinicA }.Select(finished.MetricsOf)];
        Assert.All(metrics, one => Assert.Equal(Enumerable.Range(1, finished.Manifest.Content.Plan.Epochs), one.Epochs));
        Assert.Equal(metrics[0].ToTable(), metrics[1].ToTable());
    }

    [Fact]
    public async Task Model_FetchedByAPartyThatDoesNotReceiveIt_StaysSealed()
    {
        Participant stranger = finished.Parties.ClinicA;
        VerifiedReceipt receipt = finished.Results[stranger].Receipt;
        Digest model = receipt.Receipt.Outputs.Single(output => output.Kind == OutputKind.Model).Digest;
        string sealedModel = finished.Folder["stranger.itx"];
        await stranger.Host.PullAsync(model, sealedModel);

        Assert.Equal("model", ReceiptCheck.RequireSealedOutput(receipt, sealedModel).Name);
        Assert.DoesNotContain(stranger.Party.Name, receipt.Receipt.Outputs.Single(output => output.Digest == model).Keys.Keys);
        Assert.DoesNotContain(finished.Results[stranger].Outputs, output => output.Name == "model");
    }

    [Fact]
    public async Task Receipt_WithoutAnyHost_VerifiesItselfAndTheModel()
    {
        Participant lab = finished.Parties.Lab;
        string receipt = finished.Results[lab].ReceiptPath;
        Ending genuine = await Executable.RunAsync(
            Executable.Orchestrator, ["receipt", "verify", receipt, "--policy", lab.PolicyFile, "--model", finished.Model.Path]);
        Assert.True(genuine.ExitCode == 0, genuine.Error);
        Assert.Contains(finished.Job.ToString(), genuine.Output, StringComparison.Ordinal);

        string altered = finished.Folder["altered.cose"];
        byte[] bytes = File.ReadAllBytes(receipt);
        bytes[^1] ^= 1;
        File.WriteAllBytes(altered, bytes);
        Ending forged = await Executable.RunAsync(Executable.Orchestrator, "receipt", "verify", altered, "--policy", lab.PolicyFile);
        Assert.Equal((int)ErrorClass.Integrity, forged.ExitCode);
        Assert.Empty(forged.Output);
    }

    [Fact]
    public void Receipt_OfAnotherModel_DoesNotVerifyIt()
    {
        byte[] bytes = File.ReadAllBytes(finished.Model.Path);
        bytes[^1] ^= 1;
        string altered = finished.Folder["altered.safetensors"];
        File.WriteAllBytes(altered, bytes);
        VerifiedReceipt receipt = finished.Results[finished.Parties.Lab].Receipt;

        OrchestratorException refusal = Assert.Throws<OrchestratorException>(
            () => ReceiptCheck.RequireModel(receipt, altered));
        Assert.Same(ContractErrors.ReceiptOutput, refusal.Code);
    }
}
