using System.CommandLine;
using System.Globalization;
using System.Text;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Control;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator group run</c>: starts a group and stays with it to its end.</summary>
internal static class GroupRunCommand
{
    public static CliCommand Create(Terminal terminal)
    {
        var file = new Argument<string>("GROUP") { Description = "A group file." };
        var policy = new Option<string?>("--policy") { Description = "The execution policy to run it under. Default: the one that `orchestrator policy generate` writes for it.", HelpName = "FILE" };
        Option<string> name = GroupCommands.NameOption();
        var psp = new Option<string>("--psp") { Description = "Folder of the simulated processor; made if it is missing. Parties trust its ark.pem.", HelpName = "DIR", DefaultValueFactory = _ => "psp" };
        Option<string?> uvm = GroupCommands.UvmOption();
        var endorsement = new Option<string?>("--endorsement") { Description = "A publisher's endorsement of what the group measures, for its evidence. Default: that in the image's folder, if there is one.", HelpName = "FILE" };
        var layers = new Option<string?>("--layers") { Description = "Keep the layer images in this folder. Default: a temporary one.", HelpName = "DIR" };
        var command = new CliCommand(
            "run",
            "Start a group from a group file, print what its containers write as far as the policy lets it out, and end when they have all ended: with 0, or the first exit code that is not 0.",
            "orchestrator group run group.yaml",
            "orchestrator group run group.yaml --policy policy.rego --name join",
            "orchestrator group run group.yaml --uvm artifacts/uvm")
        {
            file, policy, name, psp, layers, uvm, endorsement,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            terminal,
            new Request(
                parsed.GetRequiredValue(file), parsed.GetValue(policy), parsed.GetRequiredValue(name), parsed.GetRequiredValue(psp), parsed.GetValue(layers), new GuestSource(parsed.GetValue(uvm), parsed.GetValue(endorsement))),
            cancel));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, Request request, CancellationToken cancel)
    {
        using var folder = LayerFolder.At(request.Layers);
        GroupPlan plan = GroupCompiler.Compile(GroupFile.Read(request.File), folder.Path);
        byte[] policy = request.Policy is { } path
            ? LocalFile.Guard(path, () => File.ReadAllBytes(path))
            : Encoding.UTF8.GetBytes(PolicyWriter.Write(GroupPolicy.Of(plan, PolicyShape.Azure), PolicyShape.Azure));
        using SimulatedPsp psp = SimulatedPsp.Open(request.Psp, terminal.Clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using RunningGroup group = await RunningGroup.LaunchAsync(GuestBackEnds.Open(psp, request.Guests, terminal.Clock), plan, policy, folder.Path, stop.Token);
        await using var control = new ControlServer(request.Name, group, stop.Cancel);
        terminal.Note($"group {request.Name}: policy {Digest.Of(policy)}");
        terminal.Note(MachineView.LineOf(group.Machine is { } machine ? MachineView.Of(machine) : null));
        var following = new List<Task>();
        await group.StartAsync(
            container =>
            {
                terminal.Note($"{container.Name}: started{(container.Process.AllowsStdio ? "" : ", its streams stay inside")}");
                following.Add(control.LogOf(container.Name).FollowAsync(group.Client, container, (stream, data) => Write(terminal, stream, data), stop.Token));
            },
            stop.Token);
        return await FinishAsync(terminal, group, following, stop.Token, cancel);
    }

    private static async Task<int> FinishAsync(Terminal terminal, RunningGroup group, List<Task> following, CancellationToken stop, CancellationToken cancel)
    {
        try
        {
            int[] codes = await Task.WhenAll(group.Containers.Select(container => group.Client.WaitAsync(container.Process.Process, stop)));
            await Task.WhenAll(following);
            if (group.Machine?.KilledForMemory is { } killed)
            {
                terminal.Note($"machine: out of memory; the last process that was ended for it: {killed}");
            }

            terminal.Result(
                new { containers = group.Containers.Zip(codes, (container, code) => new { container.Name, container.Id, exit_code = code }) },
                string.Join('\n', group.Containers.Zip(codes, (container, code) => string.Create(CultureInfo.InvariantCulture, $"{container.Name}: ended with {code}"))));
            return codes.FirstOrDefault(code => code != 0);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            terminal.Result(new { stopped = true }, "stopped");
            return 0;
        }
    }

    // Containers write bytes of whatever kind; results as JSON stay alone on standard output.
    private static void Write(Terminal terminal, int stream, ReadOnlyMemory<byte> data)
    {
        TextWriter to = stream == 1 && !terminal.Json ? terminal.Out : terminal.Error;
        lock (to)
        {
            to.Write(Encoding.UTF8.GetString(data.Span));
            to.Flush();
        }
    }

    private sealed record Request(string File, string? Policy, string Name, string Psp, string? Layers, GuestSource Guests);
}
