using Google.Protobuf;
using Orchestrator.Attack.Ranges;
using Orchestrator.Crypto;

namespace Orchestrator.Attack.Attacks;

/// <summary>
/// Keeps a result to itself, lets the job run again as if its device had been lost, and delivers the first result all the same. Had a party withdrawn in
/// between, there would be two models to choose from, and another for each receiver.
/// </summary>
internal sealed class DeliverEarlierResult() : Attack(new AttackCard(
    "deliver-earlier-result", "keeps a result back, lets the job run again, and delivers the first one all the same", SecurityProperty.Fork, Watcher.Receiver, "receipt-superseded"))
{
    private const string Model = "model";
    private const string Metrics = "metrics";

    public override async Task BeforeResultAsync(HostileHost host, Digest job)
    {
        Strike();
        ByteString receipt = await host.ReceiptAsync(job);
        Digest[] outputs = [await host.OutputAsync(job, Model), await host.OutputAsync(job, Metrics)];
        await host.RunAgainAsync(job);
        await host.ReplaceReceiptAsync(job, _ => receipt);
        await host.ReplaceOutputAsync(job, Model, outputs[0]);
        await host.ReplaceOutputAsync(job, Metrics, outputs[1]);
    }
}

/// <summary>Lets a job run again when one of its parties has its result, to have another one for the others.</summary>
internal sealed class RunAfterResult(AttackMaterial material) : Attack(new AttackCard(
    "run-after-result", "lets a job run again when a party has its result", SecurityProperty.Fork, Watcher.Agents, "job-not-approved-here"))
{
    public override async Task BeforeResultAsync(HostileHost host, Digest job)
    {
        await material.FetchAsync(material.Others[0], job);
        Strike();
        await host.RunAgainAsync(job);
    }
}
