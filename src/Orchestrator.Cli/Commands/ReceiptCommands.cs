using System.CommandLine;
using System.Globalization;
using System.Text;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Contracts.Stages;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator receipt</c>.</summary>
internal static class ReceiptCommands
{
    public static Command Create(Terminal terminal) => CliCommand.Group(
        "receipt", "Check what a device states about a job.", Verify(terminal));

    private static CliCommand Verify(Terminal terminal)
    {
        var file = new Argument<string>("RECEIPT") { Description = "The receipt, as `job result` wrote it." };
        var model = new Option<string?>("--model") { Description = "A model, or a sealed output (.itx), to check against the receipt.", HelpName = "FILE" };
        var metrics = new Option<string?>("--metrics") { Description = "An opened metrics file to check against the receipt; prints its last figures.", HelpName = "FILE" };
        var policy = new Option<string>("--policy") { Description = "Whose roots and rules: a release policy.", HelpName = "FILE", Required = true };
        var command = new CliCommand(
            "verify",
            "Verify a receipt without any host: device, signatures, approvals, and a model or metrics file against it. Prints what it proves.",
            "orchestrator receipt verify result/receipt.cose --policy policy.yaml",
            "orchestrator receipt verify result/receipt.cose --policy policy.yaml --model result/model.itx",
            "orchestrator receipt verify result/receipt.cose --policy policy.yaml --model result/model.safetensors --metrics result/metrics.jsonl")
        {
            file, model, metrics, policy,
        };
        command.SetAction(parsed =>
        {
            PartyPolicy rules = PartyPolicy.Read(parsed.GetRequiredValue(policy), "you");
            VerifiedReceipt receipt = ReceiptCheck.VerifyFile(parsed.GetRequiredValue(file), rules, terminal.Clock);
            ReceiptOutput? output = parsed.GetValue(model) is { } path ? Check(receipt, path) : null;
            IReadOnlyDictionary<string, double>? figures = parsed.GetValue(metrics) is { } lines ? ReceiptCheck.ReadMetrics(receipt, lines).Final : null;
            terminal.Result(ToJson(receipt, output, figures), Describe(receipt, output, figures));
        });
        return command;
    }

    private static ReceiptOutput Check(VerifiedReceipt receipt, string path) => Path.GetExtension(path) == ".itx"
        ? ReceiptCheck.RequireSealedOutput(receipt, path)
        : ReceiptCheck.RequireModel(receipt, path);

    private static object ToJson(VerifiedReceipt verified, ReceiptOutput? output, IReadOnlyDictionary<string, double>? metrics) => new
    {
        verified = true,
        job = verified.Receipt.Manifest.Digest.ToString(),
        name = verified.Receipt.Manifest.Content.Name,
        device = verified.Quote.Claims.DeviceId.ToString(),
        simulated = verified.Quote.Claims.Simulated,
        security_version = verified.Quote.Claims.SecurityVersion,
        approvals = verified.Receipt.Approvals.Select(approval => approval.Party),
        preparations = verified.Receipt.Preparations.IsEmpty ? null : verified.Receipt.Preparations.Select(made => new
        {
            stage = made.Stage.Name,
            statement = made.Digest.ToString(),
            evidence = made.Evidence.Digest.ToString(),
            policy = made.Stage.Policy.ToString(),
            measurement = made.Evidence.Report.Measurement.ToString(),
            streams = made.Outputs.Select(output => new { output.Stream, digest = output.Digest.ToString(), output.Records }),
        }),
        streams = verified.Receipt.Streams,
        epochs = verified.Receipt.Epochs,
        outputs = verified.Receipt.Outputs.Select(item => new { name = item.Name, kind = item.Kind, digest = item.Digest.ToString(), content = item.Content.ToString() }),
        model = output?.Name,
        metrics,
    };

    private static string Describe(VerifiedReceipt verified, ReceiptOutput? output, IReadOnlyDictionary<string, double>? metrics)
    {
        Receipt receipt = verified.Receipt;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"verified: job \"{receipt.Manifest.Content.Name}\" {receipt.Manifest.Digest}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  device    {verified.Quote.Claims.DeviceId}{(verified.Quote.Claims.Simulated ? ", SIMULATED" : "")}, security version {verified.Quote.Claims.SecurityVersion}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  approved  by {string.Join(", ", receipt.Approvals.Select(approval => approval.Party))}");
        foreach (Preparation made in receipt.Preparations)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  prepared  stage {made.Stage.Name}: {string.Join(", ", made.Outputs.Select(output => $"stream {output.Stream} of {output.Records} records"))}, under policy {made.Stage.Policy}");
            text.AppendLine(CultureInfo.InvariantCulture, $"            statement {made.Digest} by the group of evidence {made.Evidence.Digest}");
        }

        foreach (ConsumedStream stream in receipt.Streams)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  read      stream {stream.Stream}: {Wording.Count(stream.Frames, "frame")}, {Wording.Count(stream.Reads, "read")}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"  trained   {Wording.Count(receipt.Epochs, "epoch")}");
        foreach (ReceiptOutput item in receipt.Outputs)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  output    {item.Name}, digest {item.Digest}, for {string.Join(", ", item.Keys.Keys)}");
        }

        if (output is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  model     is this job's output {output.Name}");
        }

        if (metrics is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  metrics   {string.Join(", ", metrics.Select(metric => string.Create(CultureInfo.InvariantCulture, $"{metric.Key} {metric.Value}")))}");
        }

        return text.ToString().TrimEnd();
    }
}
