using System.CommandLine;
using System.Globalization;
using System.Text;
using Orchestrator.Contracts.Receipts;
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
        var policy = new Option<string>("--policy") { Description = "Whose roots and rules: a release policy.", HelpName = "FILE", Required = true };
        var command = new CliCommand(
            "verify",
            "Verify a receipt without any host: device, signatures, approvals, and a model file against it. Prints what it proves.",
            "orchestrator receipt verify result/receipt.cose --policy policy.yaml",
            "orchestrator receipt verify result/receipt.cose --policy policy.yaml --model result/model.itx",
            "orchestrator receipt verify result/receipt.cose --policy policy.yaml --model result/model.safetensors")
        {
            file, model, policy,
        };
        command.SetAction(parsed =>
        {
            PartyPolicy rules = PartyPolicy.Read(parsed.GetRequiredValue(policy), "you");
            VerifiedReceipt receipt = ReceiptCheck.VerifyFile(parsed.GetRequiredValue(file), rules, terminal.Clock);
            ReceiptOutput? output = parsed.GetValue(model) is { } path ? Check(receipt, path) : null;
            terminal.Result(ToJson(receipt, output), Describe(receipt, output));
        });
        return command;
    }

    private static ReceiptOutput Check(VerifiedReceipt receipt, string path) => Path.GetExtension(path) == ".itx"
        ? ReceiptCheck.RequireSealedOutput(receipt, path)
        : ReceiptCheck.RequireModel(receipt, path);

    private static object ToJson(VerifiedReceipt verified, ReceiptOutput? output) => new
    {
        verified = true,
        job = verified.Receipt.Manifest.Digest.ToString(),
        name = verified.Receipt.Manifest.Content.Name,
        device = verified.Quote.Claims.DeviceId.ToString(),
        simulated = verified.Quote.Claims.Simulated,
        security_version = verified.Quote.Claims.SecurityVersion,
        approvals = verified.Receipt.Approvals.Select(approval => approval.Party),
        streams = verified.Receipt.Streams,
        epochs = verified.Receipt.Epochs,
        metrics = verified.Receipt.Metrics,
        outputs = verified.Receipt.Outputs.Select(item => new { name = item.Name, kind = item.Kind, digest = item.Digest.ToString() }),
        model = output?.Name,
    };

    private static string Describe(VerifiedReceipt verified, ReceiptOutput? output)
    {
        Receipt receipt = verified.Receipt;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"verified: job \"{receipt.Manifest.Content.Name}\" {receipt.Manifest.Digest}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  device    {verified.Quote.Claims.DeviceId}{(verified.Quote.Claims.Simulated ? ", SIMULATED" : "")}, security version {verified.Quote.Claims.SecurityVersion}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  approved  by {string.Join(", ", receipt.Approvals.Select(approval => approval.Party))}");
        foreach (ConsumedStream stream in receipt.Streams)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  read      stream {stream.Stream}: {stream.Frames} frames, {stream.Reads} reads");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"  trained   {receipt.Epochs} epochs; {string.Join(", ", receipt.Metrics.Select(metric => string.Create(CultureInfo.InvariantCulture, $"{metric.Key} {metric.Value}")))}");
        foreach (ReceiptOutput item in receipt.Outputs)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  output    {item.Name}, digest {item.Digest}, for {string.Join(", ", item.Keys.Keys)}");
        }

        return output is null ? text.ToString().TrimEnd() : $"{text}  model     is this job's output {output.Name}";
    }
}
