using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Attestation.Groups;
using Orchestrator.Channel;
using Orchestrator.Channel.Decisions;
using Orchestrator.Channel.Messages;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.IO;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Control;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator group</c>: confidential container groups on this machine.</summary>
internal static class GroupCommands
{
    private const int NonceSize = 32;
    private const string You = "you";

    public static Command Create(Terminal terminal) => CliCommand.Group(
        "group",
        "Run confidential container groups on this machine, in a sandbox under a simulated processor, and look at them. Needs root.",
        GroupRunCommand.Create(terminal),
        State(terminal),
        Exec(terminal),
        Logs(terminal),
        Signal(terminal),
        Stop(terminal),
        Decisions(terminal),
        Evidence(terminal),
        Measure(terminal),
        GroupEndorseCommand.Create(terminal));

    /// <summary>Names a running group.</summary>
    public static Option<string> NameOption() => new("--name") { Description = "The group's name.", HelpName = "NAME", DefaultValueFactory = _ => "default" };

    private static CliCommand State(Terminal terminal)
    {
        Option<string> name = NameOption();
        var command = new CliCommand("state", "Print what a running group runs in, what it has mounted, what runs in it, and what each container can still be.", "orchestrator group state", "orchestrator group state --name join --json") { name };
        command.SetAction((parsed, cancel) => AskAsync(parsed.GetRequiredValue(name), cancel, async channel =>
        {
            CborField names = await channel.AskAsync(ControlServer.Containers, CborMap.Of(), cancel);
            CborField machine = await channel.AskAsync(ControlServer.Machine, CborMap.Of(), cancel);
            GroupStateView view = GroupStateView.Read(await new GroupClient(channel).StateAsync(cancel), names, machine);
            terminal.Result(view, view.ToString());
        }));
        return command;
    }

    private static CliCommand Exec(Terminal terminal)
    {
        Option<string> name = NameOption();
        Argument<string> container = ContainerArgument();
        var words = new Argument<string[]>("COMMAND") { Description = "Program and arguments, which the policy has to name.", Arity = ArgumentArity.OneOrMore };
        var command = new CliCommand("exec", "Start a further process in a container, print what it writes as far as the policy lets it out, and end with its exit code.", "orchestrator group exec join -- /bin/cat /etc/hostname") { name, container, words };
        command.SetAction((parsed, cancel) => AskAsync(parsed.GetRequiredValue(name), cancel, async channel =>
        {
            CborMap body = CborMap.Of(("container", parsed.GetRequiredValue(container)), ("command", new CborArray(parsed.GetRequiredValue(words).Select(word => (CborValue)word))));
            StartedProcess process = StartedProcess.FromCbor(await channel.AskAsync(ControlServer.Exec, body, cancel));
            var client = new GroupClient(channel);
            if (process.AllowsStdio)
            {
                await client.WriteAsync(process.Process, default, cancel);
                await Task.WhenAll(CopyAsync(client, process, 1, terminal.Out, cancel), CopyAsync(client, process, 2, terminal.Error, cancel));
            }

            return await client.WaitAsync(process.Process, cancel);
        }));
        return command;
    }

    private static CliCommand Logs(Terminal terminal)
    {
        Option<string> name = NameOption();
        Argument<string> container = ContainerArgument();
        var command = new CliCommand("logs", "Print what a container has written so far, as far as its policy lets it out.", "orchestrator group logs join") { name, container };
        command.SetAction((parsed, cancel) => AskAsync(parsed.GetRequiredValue(name), cancel, async channel =>
        {
            for (int from = 0; ;)
            {
                CborMap body = CborMap.Of(("container", parsed.GetRequiredValue(container)), ("from", (long)from));
                ReadOnlyMemory<byte> data = (await channel.AskAsync(ControlServer.Logs, body, cancel)).ReadMap(map => map.Required("data").AsBytes(int.MaxValue));
                if (data.IsEmpty)
                {
                    return;
                }

                terminal.Out.Write(Encoding.UTF8.GetString(data.Span));
                from += data.Length;
            }
        }));
        return command;
    }

    private static CliCommand Signal(Terminal terminal)
    {
        Option<string> name = NameOption();
        Argument<string> container = ContainerArgument();
        var signal = new Argument<int>("SIGNAL") { Description = "The signal's number, which the policy has to name." };
        var command = new CliCommand("signal", "Send a signal to a container's first process.", "orchestrator group signal join 15") { name, container, signal };
        command.SetAction((parsed, cancel) => AskAsync(parsed.GetRequiredValue(name), cancel, async channel =>
        {
            await channel.AskAsync(ControlServer.Signal, CborMap.Of(("container", parsed.GetRequiredValue(container)), ("signal", (long)parsed.GetRequiredValue(signal))), cancel);
            terminal.Result(new { sent = true }, "sent");
        }));
        return command;
    }

    private static CliCommand Stop(Terminal terminal)
    {
        Option<string> name = NameOption();
        var command = new CliCommand("stop", "End a running group, with its keys and all that runs in it.", "orchestrator group stop --name join") { name };
        command.SetAction((parsed, cancel) => AskAsync(parsed.GetRequiredValue(name), cancel, async channel =>
        {
            await channel.AskAsync(ControlServer.Stop, CborMap.Of(), cancel);
            terminal.Result(new { stopped = true }, "stopped");
        }));
        return command;
    }

    private static CliCommand Decisions(Terminal terminal)
    {
        Option<string> name = NameOption();
        var command = new CliCommand("decisions", "Print every decision of a running group so far, verified to be what the group has signed.", "orchestrator group decisions", "orchestrator group decisions --json") { name };
        command.SetAction((parsed, cancel) => AskAsync(parsed.GetRequiredValue(name), cancel, async channel =>
        {
            var client = new GroupClient(channel);
            GroupBinding binding = GroupBinding.FromCbor((await client.EvidenceAsync([], cancel: cancel)).Binding);
            VerifiedDecisions decisions = await client.DecisionsAsync(binding.SigningKey, cancel);
            var rows = decisions.Entries.Select(entry => new { entry.Sequence, entry.Point, entry.Subject, entry.Outcome, entry.Reasons });
            string text = string.Concat(decisions.Entries.Select(entry =>
                string.Create(CultureInfo.InvariantCulture, $"{entry.Sequence,5}  {entry.Outcome,-8}{entry.Point,-26}{entry.Subject} {string.Join("; ", entry.Reasons)}").TrimEnd() + "\n"));
            terminal.Result(new { policy = decisions.Head.Policy.ToString(), head = decisions.Head.Hash.ToString(), decisions = rows }, $"{text}head {decisions.Head.Hash}");
        }));
        return command;
    }

    private static CliCommand Evidence(Terminal terminal)
    {
        Option<string> name = NameOption();
        var output = new Option<string>("--out") { Description = "Write the evidence to this file.", HelpName = "FILE", Required = true };
        var bare = new Option<string?>("--report") { Description = "Write the processor's report alone to this file, for `orchestrator evidence verify`; the certificates are in the simulated processor's folder.", HelpName = "FILE" };
        var command = new CliCommand("evidence", "Have a running group attest itself afresh: report, certificates, and the keys and policy that they are about.", "orchestrator group evidence --out evidence.cbor", "orchestrator group evidence --out evidence.cbor --report report.bin") { name, output, bare };
        command.SetAction((parsed, cancel) => AskAsync(parsed.GetRequiredValue(name), cancel, async channel =>
        {
            Dictionary<string, ReadOnlyMemory<byte>> nonces = new() { [You] = RandomNumberGenerator.GetBytes(NonceSize) };
            GroupReport report = await new GroupClient(channel).EvidenceAsync([GroupEvidence.Combine(nonces)], cancel: cancel);
            ReadOnlyMemory<byte>? endorsement = (await channel.AskAsync(ControlServer.Endorsement, CborMap.Of(), cancel)).ReadMap(map => map.Optional("endorsement") is { } statement ? statement.AsBytes(GroupEvidence.MaxBytes) : (ReadOnlyMemory<byte>?)null);
            GroupEvidence evidence = GroupEvidence.Parse(GroupEvidence.Encode(report.Report, report.Chain, report.Binding.Value, nonces, endorsement));
            Write(parsed.GetRequiredValue(output), evidence.Bytes);
            if (parsed.GetValue(bare) is { } path)
            {
                Write(path, evidence.Report.Bytes);
            }

            terminal.Result(
                new { digest = evidence.Digest.ToString(), policy = evidence.Binding.Policy.ToString(), measurement = evidence.Report.Measurement.ToString(), path = parsed.GetRequiredValue(output) },
                $"evidence {evidence.Digest}, NOT VERIFIED\n  policy      {evidence.Binding.Policy}\n  measurement {evidence.Report.Measurement}");
        }));
        return command;
    }

    private static CliCommand Measure(Terminal terminal)
    {
        var command = new CliCommand("measure", "Print what a sandbox of this installation measures, or a utility VM, for parties to accept.", "orchestrator group measure", "orchestrator group measure --uvm artifacts/uvm");
        Option<string?> uvm = UvmOption();
        command.Add(uvm);
        command.SetAction(parsed =>
        {
            string measurement = GuestBackEnds.Measure(parsed.GetValue(uvm)).ToString();
            terminal.Result(new { measurement }, measurement);
        });
        return command;
    }

    /// <summary>Virtual machines in place of sandboxes.</summary>
    public static Option<string?> UvmOption() => new("--uvm") { Description = "Folder of a utility VM's image, as eng/build-uvm.sh makes it. Default: a sandbox.", HelpName = "DIR" };

    private static Argument<string> ContainerArgument() => new("CONTAINER") { Description = "The container's name in the group file." };

    private static async Task<int> AskAsync(string name, CancellationToken cancel, Func<GuestChannel, Task<int>> ask)
    {
        await using GuestChannel channel = await ControlServer.ConnectAsync(name, cancel);
        return await ask(channel);
    }

    private static Task<int> AskAsync(string name, CancellationToken cancel, Func<GuestChannel, Task> ask) => AskAsync(name, cancel, async channel =>
    {
        await ask(channel);
        return 0;
    });

    private static void Write(string path, ReadOnlyMemory<byte> content) => LocalFile.Guard(path, () =>
    {
        AtomicFile.WriteAllBytes(path, content.Span);
        return content.Length;
    });

    private static async Task CopyAsync(GroupClient client, StartedProcess process, int stream, TextWriter to, CancellationToken cancel)
    {
        Decoder decoder = Encoding.UTF8.GetDecoder();
        char[] text = new char[Encoding.UTF8.GetMaxCharCount(1 << 16)];
        while (await client.ReadAsync(process.Process, stream, cancel) is { Length: > 0 } data)
        {
            await to.WriteAsync(text.AsMemory(0, decoder.GetChars(data.Span, text, flush: false)), cancel);
        }

        await to.FlushAsync(cancel);
    }
}
