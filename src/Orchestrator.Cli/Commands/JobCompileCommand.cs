using System.CommandLine;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator job compile</c>: from job file to manifest, and the comparison with somebody else's.</summary>
internal static class JobCompileCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        Argument<string> file = JobCommands.FileArgument();
        var output = new Option<string?>("--output", "-o") { Description = "Where the manifest goes.", HelpName = "MANIFEST" };
        var check = new Option<string?>("--check") { Description = "A job at the host, or a manifest's file: compare it with what the job file compiles to.", HelpName = "JOB|MANIFEST" };
        var program = new Option<string?>("--program") { Description = "The program in plaintext, for who has it: a refusal then names the layer that is too large. The manifest is the same.", HelpName = "FILE" };
        var command = new CliCommand(
            "compile",
            "Compile a job file to its manifest: the same bytes on any machine. With --check, compare them with a proposal's, and say where they differ first.",
            "orchestrator job compile job.yaml -o job.manifest",
            "orchestrator job compile job.yaml -o job.manifest --program wdbc_mlp.pt",
            "orchestrator job compile job.yaml --check job.manifest",
            "orchestrator job compile job.yaml --check 5f3c... --host https://127.0.0.1:7443")
        {
            file, output, check, program,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var job = JobFile.Read(parsed.GetRequiredValue(file));
            Manifest manifest = JobCompiler.Compile(job, parsed.GetValue(program) is { } plaintext ? ProgramFile.Read(plaintext) : null);
            if (parsed.GetValue(output) is { } path)
            {
                AtomicFile.WriteAllBytes(path, manifest.Encoding.Span);
            }

            if (parsed.GetValue(check) is { } proposal)
            {
                RequireSame(await ReadAsync(proposal, options, parsed, cancel), manifest);
                terminal.Note($"{proposal} is what {parsed.GetRequiredValue(file)} compiles to, byte for byte");
            }

            terminal.Result(ManifestTables.ToJson(manifest), $"{manifest.Digest}\n\n{ManifestTables.Describe(manifest)}".TrimEnd());
        });
        return command;
    }

    private static async Task<Manifest> ReadAsync(string proposal, PartyOptions options, ParseResult parsed, CancellationToken cancel)
    {
        if (!Digest.TryParse(proposal, out Digest job))
        {
            return JobCompiler.ReadManifest(proposal);
        }

        using Party party = await options.OpenAsync(parsed);
        await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
        return await host.ManifestAsync(job, cancel);
    }

    private static void RequireSame(Manifest proposed, Manifest compiled)
    {
        if (proposed.DifferenceFrom(compiled) is { } difference)
        {
            throw new OrchestratorException(
                JobErrors.CompilesOtherwise, $"The proposal has {difference.Path} {difference.Before}; the job file compiles to {difference.After}. The job file's name would be {compiled.Digest}.");
        }
    }
}
