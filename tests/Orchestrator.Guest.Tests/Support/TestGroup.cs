using System.Collections.Immutable;
using System.Text;
using Orchestrator.Attestation.Groups;
using Orchestrator.Channel.Decisions;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Groups;
using Orchestrator.Uvm;

namespace Orchestrator.Guest.Tests.Support;

/// <summary>A group in a sandbox or a machine, real in all its parts. Tests of it are skipped where not run as root.</summary>
internal sealed class TestGroup : IAsyncDisposable
{
    private readonly RunningGuest _guest;
    private int _layers;

    private TestGroup(RunningGuest guest)
    {
        _guest = guest;
        Client = new GroupClient(guest.Channel);
    }

    public GroupClient Client { get; }

    public int ProcessId => _guest.ProcessId;

    /// <summary>The machine that the group has to itself; null: it is in a sandbox.</summary>
    public VirtualMachine? Machine => _guest.Machine;

    /// <summary>The ID of the n-th container.</summary>
    public static string Id(int number = 1) => Convert.ToHexStringLower(Digest.Of([(byte)number]).ToArray());

    /// <summary>Launches a group that has no policy yet.</summary>
    public static async Task<TestGroup> LaunchAsync(Machine machine, byte[] policy)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Groups need root.");
        Assert.SkipUnless(File.Exists("/usr/bin/crun"), "crun is not installed.");
        // A machine has the disks that are there at its start.
        _ = (machine.Busybox, machine.Extra);
        return new TestGroup(await machine.BackEnd.LaunchAsync(Digest.Of(policy), GroupSize.Default, machine.Devices, TestContext.Current.CancellationToken));
    }

    /// <summary>Launches a group under its policy, with scratch.</summary>
    public static async Task<TestGroup> StartAsync(Machine machine, byte[] policy)
    {
        TestGroup group = await LaunchAsync(machine, policy);
        await group.Client.SetPolicyAsync(policy);
        await group.Client.MountScratchAsync(GuestPaths.Scratch(0), 64 << 20);
        return group;
    }

    /// <summary>Mounts layers, the bottom one first, and stacks them.</summary>
    public async Task StackAsync(string id, params LayerImage[] layers)
    {
        var targets = new List<string>();
        foreach (LayerImage layer in layers)
        {
            targets.Insert(0, GuestPaths.Layer(_layers++));
            await Client.MountLayerAsync(Path.GetFileName(layer.Path), layer.RootHash.ToString(), targets[0]);
        }

        await Client.MountOverlayAsync(id, targets, GuestPaths.Scratch(0));
    }

    /// <summary>What <see cref="Policies.Shell"/> permits.</summary>
    public static ContainerSpec Spec(string id, string command) => new(id, new ProcessSpec
    {
        Command = ["/bin/sh", "-c", command],
        Environment = ["PATH=/bin"],
        User = "worker",
        Capabilities = CapabilitySets.None,
        NoNewPrivileges = true,
    });

    /// <summary>Runs a container to its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(ContainerSpec spec, string input = "")
    {
        StartedProcess process = await Client.CreateContainerAsync(spec);
        return await FinishAsync(process, input);
    }

    /// <summary>Lets a process read, and takes what it writes, to its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> FinishAsync(StartedProcess process, string input = "")
    {
        if (process.AllowsStdio)
        {
            if (input.Length > 0)
            {
                await Client.WriteAsync(process.Process, Encoding.UTF8.GetBytes(input));
            }

            await Client.WriteAsync(process.Process, default);
        }

        string[] outputs = process.AllowsStdio ? await Task.WhenAll(ReadAsync(process, 1), ReadAsync(process, 2)) : ["", ""];
        return (await Client.WaitAsync(process.Process, TestContext.Current.CancellationToken), outputs[0], outputs[1]);
    }

    /// <summary>What a process has written when it has written something.</summary>
    public async Task<string> ReadOnceAsync(StartedProcess process) => Encoding.UTF8.GetString((await Client.ReadAsync(process.Process, 1, TestContext.Current.CancellationToken)).Span);

    public async Task<string> ReadAsync(StartedProcess process, int stream)
    {
        var text = new StringBuilder();
        while (await Client.ReadAsync(process.Process, stream, TestContext.Current.CancellationToken) is { Length: > 0 } data)
        {
            text.Append(Encoding.UTF8.GetString(data.Span));
        }

        return text.ToString();
    }

    public async Task<ImmutableArray<DecisionEntry>> DecisionsAsync()
    {
        GroupReport report = await Client.EvidenceAsync([]);
        return [.. (await Client.DecisionsAsync(GroupBinding.FromCbor(report.Binding).SigningKey)).Entries];
    }

    /// <summary>Asks for anything, well-formed or not.</summary>
    public Task AskAsync(string operation, params (string, Crypto.Cbor.CborValue?)[] body) => _guest.Channel.AskAsync(operation, Crypto.Cbor.CborMap.Of(body));

    /// <summary>Closes the host's end of the channel.</summary>
    public ValueTask HangUpAsync() => _guest.Channel.DisposeAsync();

    /// <summary>The code with which a request fails.</summary>
    public static async Task<string> CodeOf(Task request) => (await Assert.ThrowsAnyAsync<OrchestratorException>(() => request)).Code.Id;

    public ValueTask DisposeAsync() => _guest.DisposeAsync();
}
