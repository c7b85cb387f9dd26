using System.CommandLine;
using Orchestrator.Crypto.IO;
using Orchestrator.Uvm;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator group endorse</c>: the simulated publisher's statement about an image of the utility VM.</summary>
internal static class GroupEndorseCommand
{
    public static CliCommand Create(Terminal terminal)
    {
        var image = new Option<string>("--uvm") { Description = "Folder of the image; the endorsement is written into it.", HelpName = "DIR", Required = true };
        var publisher = new Option<string>("--publisher") { Description = "Folder of the simulated publisher's keys; made if it is missing.", HelpName = "DIR", Required = true };
        var command = new CliCommand(
            "endorse",
            "Sign, as a simulated publisher, what an image of the utility VM measures. Policies that name the publisher then accept every image that it endorses.",
            "orchestrator group endorse --uvm artifacts/uvm --publisher artifacts/uvm-publisher")
        {
            image, publisher,
        };
        command.SetAction(parsed =>
        {
            UvmImage uvm = UvmImage.Open(parsed.GetRequiredValue(image));
            using SimulatedPublisher signer = SimulatedPublisher.Open(parsed.GetRequiredValue(publisher), terminal.Clock);
            string path = Path.Combine(uvm.Folder, UvmImage.EndorsementFile);
            byte[] endorsement = signer.Endorse(uvm.Measurement);
            LocalFile.Guard(path, () =>
            {
                AtomicFile.WriteAllBytes(path, endorsement);
                return endorsement.Length;
            });
            terminal.Result(new { measurement = uvm.Measurement.ToString(), issuer = signer.Issuer, path }, $"measurement {uvm.Measurement}\nissuer {signer.Issuer}");
        });
        return command;
    }
}
