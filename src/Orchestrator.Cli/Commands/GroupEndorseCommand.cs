using System.CommandLine;
using Orchestrator.Attestation;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Uvm;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator group endorse</c>: the simulated publisher's statement about an image of the utility VM, or about a sandbox's agent.</summary>
internal static class GroupEndorseCommand
{
    public static CliCommand Create(Terminal terminal)
    {
        Option<string?> image = GroupCommands.UvmOption();
        var publisher = new Option<string>("--publisher") { Description = "Folder of the simulated publisher's keys; made if it is missing.", HelpName = "DIR", Required = true };
        var output = new Option<string?>("--out") { Description = "Write the endorsement to this file. Default: into the image's folder, where it is found.", HelpName = "FILE" };
        var command = new CliCommand(
            "endorse",
            "Sign, as a simulated publisher, what an image of the utility VM measures, or a sandbox of this installation. Policies that name the publisher then accept everything that it endorses.",
            "orchestrator group endorse --uvm artifacts/uvm --publisher artifacts/uvm-publisher",
            "orchestrator group endorse --publisher publisher --out sandbox.cose")
        {
            image, publisher, output,
        };
        command.SetAction(parsed =>
        {
            string? folder = parsed.GetValue(image);
            string path = parsed.GetValue(output) ?? (folder is null
                ? throw new OrchestratorException(CliErrors.Usage, "A sandbox has no folder for its endorsement: --out has to say where it goes.")
                : Path.Combine(Path.GetFullPath(folder), UvmImage.EndorsementFile));
            Measurement measurement = GuestBackEnds.Measure(folder);
            using SimulatedPublisher signer = SimulatedPublisher.Open(parsed.GetRequiredValue(publisher), terminal.Clock);
            byte[] endorsement = signer.Endorse(measurement);
            LocalFile.Guard(path, () =>
            {
                AtomicFile.WriteAllBytes(path, endorsement);
                return endorsement.Length;
            });
            terminal.Result(new { measurement = measurement.ToString(), issuer = signer.Issuer, path }, $"measurement {measurement}\nissuer {signer.Issuer}");
        });
        return command;
    }
}
