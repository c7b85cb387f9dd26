using System.CommandLine;
using System.Text;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator policy generate</c>.</summary>
internal static class PolicyGenerateCommand
{
    public static CliCommand Create(Terminal terminal)
    {
        var file = new Argument<string>("GROUP") { Description = "A group file: which images, and what their containers may do." };
        var shape = new Option<PolicyShape>("--shape")
        {
            Description = "azure: as `az confcom` writes it; azure-indented: the same for reading; runtime: as the container runtime's policy tool writes it, for the newest framework.",
            HelpName = "azure|azure-indented|runtime",
            DefaultValueFactory = _ => PolicyShape.Azure,
            CustomParser = result => Shape(result.Tokens[0].Value) ?? Refuse(result),
        };
        var output = new Option<string?>("--out") { Description = "Write the policy to this file, and print its digest instead.", HelpName = "FILE" };
        var layers = new Option<string?>("--layers") { Description = "Keep the layer images in this folder, each as ROOTHASH.layer.", HelpName = "FOLDER" };
        var command = new CliCommand(
            "generate",
            "Read a group file and its images, and write the execution policy that permits this group and nothing else. Equal files and images give the same bytes; their SHA-256 is what HOST_DATA has to be.",
            "orchestrator policy generate group.yaml > policy.rego",
            "orchestrator policy generate group.yaml --out policy.rego --layers layers",
            "orchestrator policy generate group.yaml --shape runtime --json")
        {
            file, shape, output, layers,
        };
        command.SetAction(parsed =>
        {
            using var folder = LayerFolder.At(parsed.GetValue(layers));
            GroupPlan plan = GroupCompiler.Compile(GroupFile.Read(parsed.GetRequiredValue(file)), folder.Path);
            PolicyShape chosen = parsed.GetValue(shape);
            Print(terminal, plan, Encoding.UTF8.GetBytes(PolicyWriter.Write(GroupPolicy.Of(plan, chosen), chosen)), parsed.GetValue(output));
        });
        return command;
    }

    private static void Print(Terminal terminal, GroupPlan plan, byte[] policy, string? output)
    {
        string digest = Digest.Of(policy).ToString();
        if (output is not null)
        {
            AtomicFile.WriteAllBytes(output, policy);
        }

        var containers = plan.Containers.Select(container => new { container.Section.Name, layers = container.Layers.Select(layer => layer.RootHash.ToString()) });
        if (terminal.Json || output is not null)
        {
            terminal.Result(new { digest, policy = output is null ? Convert.ToBase64String(policy) : null, path = output, containers }, $"policy {digest}");
            return;
        }

        // To the byte, as the digest is over the bytes.
        terminal.Out.Write(Encoding.UTF8.GetString(policy));
        terminal.Out.Flush();
        terminal.Note($"policy {digest}");
    }

    private static PolicyShape? Shape(string name) => name switch
    {
        "azure" => PolicyShape.Azure,
        "azure-indented" => PolicyShape.AzureIndented,
        "runtime" => PolicyShape.RuntimeTool,
        _ => null,
    };

    private static PolicyShape Refuse(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError($"\"{result.Tokens[0].Value}\" is no shape; there are azure, azure-indented and runtime.");
        return default;
    }
}
