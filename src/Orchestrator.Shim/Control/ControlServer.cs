using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Sockets;
using Orchestrator.Channel;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Shim.Groups;
using Orchestrator.Uvm;

namespace Orchestrator.Shim.Control;

/// <summary>
/// Lets other commands speak to a running group. They use the guest's own channel, which the shim passes on; and a few operations more, for what
/// only the shim knows: containers' names and what they have written.
/// </summary>
public sealed class ControlServer : IAsyncDisposable
{
    /// <summary>The containers: an array of <c>name</c>, <c>id</c>, <c>process</c>, <c>stdio</c>.</summary>
    public const string Containers = "shim_containers";

    /// <summary>What a container has written: <c>container</c>, <c>from</c> give <c>data</c>.</summary>
    public const string Logs = "shim_logs";

    /// <summary>Starts a process in a container: <c>container</c>, <c>command</c> give a started process.</summary>
    public const string Exec = "shim_exec";

    /// <summary>Sends a signal to a container's first process: <c>container</c>, <c>signal</c>.</summary>
    public const string Signal = "shim_signal";

    /// <summary>The publisher's endorsement of the group's measurement: <c>endorsement</c>, or nothing.</summary>
    public const string Endorsement = "shim_endorsement";

    /// <summary>What the group runs in: <c>accelerator</c>, <c>memory</c> in MiB, <c>cores</c> and <c>stages</c>, an array of <c>name</c>, <c>reached_ms</c>, of its machine; an empty map: a sandbox.</summary>
    public const string Machine = "shim_machine";

    /// <summary>Ends the group.</summary>
    public const string Stop = "shim_stop";

    private readonly Socket _listener;
    private readonly RunningGroup _group;
    private readonly Action _stop;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<string, OutputLog> _logs = new(StringComparer.Ordinal);
    private readonly Task _serving;

    /// <summary>Serves the group under a name.</summary>
    /// <param name="name">Of the group.</param>
    /// <param name="group">The group.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.NameTaken"/>.</exception>
    public ControlServer(string name, RunningGroup group, Action stop)
    {
        _group = group;
        _stop = stop;
        _listener = ControlSocket.Listen(name);
        _serving = ServeAsync();
    }

    /// <summary>Connects to a running group.</summary>
    /// <exception cref="OrchestratorException"><see cref="ShimErrors.NotRunning"/>.</exception>
    public static async Task<GuestChannel> ConnectAsync(string name, CancellationToken cancel = default) => new(await ControlSocket.ConnectAsync(name, cancel).ConfigureAwait(false));

    /// <summary>Where a container's output is kept.</summary>
    public OutputLog LogOf(string container) => _logs.GetOrAdd(container, _ => new OutputLog());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
            {
                sessions.RemoveAll(session => session.IsCompleted);
                sessions.Add(ServeAsync(await _listener.AcceptAsync(_end.Token).ConfigureAwait(false)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(sessions).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        if (!ControlSocket.IsOurs(socket))
        {
            return;
        }

        // Who asks for the group's end hangs up when the answer is there: ending it before would cut the answer off.
        bool isToEnd = false;
        await ChannelServer.ServeAsync(
            stream,
            (operation, body, cancel) =>
            {
                isToEnd |= operation == Stop;
                return AnswerAsync(operation, body, cancel);
            },
            _end.Token).ConfigureAwait(false);
        if (isToEnd)
        {
            _stop();
        }
    }

    private async Task<CborValue> AnswerAsync(string operation, CborField body, CancellationToken cancel) => operation switch
    {
        Containers => new CborArray(_group.Containers.Select(Describe)),
        Logs => body.ReadMap(map => CborMap.Of(("data", LogOf(_group.Find(map.Required("container").AsText()).Container.Name).Read(map.Required("from").AsInt32(min: 0))))),
        Exec => await ExecAsync(body, cancel).ConfigureAwait(false),
        Signal => await SignalAsync(body, cancel).ConfigureAwait(false),
        Endorsement => CborMap.Of(("endorsement", _group.Guest.Endorsement is { } statement ? (CborValue)statement : null)),
        Machine => Describe(_group.Machine),
        Stop => CborMap.Of(),
        _ => (await _group.Guest.Channel.AskAsync(operation, body.Value as CborMap ?? CborMap.Of(), cancel).ConfigureAwait(false)).Value,
    };

    private async Task<CborValue> ExecAsync(CborField body, CancellationToken cancel)
    {
        (string name, ImmutableArray<string> command) = body.ReadMap(map =>
            (map.Required("container").AsText(), map.Required("command").AsArray(4096).Select(word => word.AsText(128 * 1024)).ToImmutableArray()));
        (PlannedContainer plan, RunningContainer container) = _group.Find(name);
        return (await _group.Client.ExecAsync(container.Id, RunningGroup.Process(plan, command), cancel).ConfigureAwait(false)).ToCbor();
    }

    private async Task<CborValue> SignalAsync(CborField body, CancellationToken cancel)
    {
        (string name, int signal) = body.ReadMap(map => (map.Required("container").AsText(), map.Required("signal").AsInt32(1, 64)));
        RunningContainer container = _group.Find(name).Container;
        await _group.Client.SignalAsync(container.Id, container.Process.Process, signal, cancel).ConfigureAwait(false);
        return CborMap.Of();
    }

    private static CborValue Describe(RunningContainer container) =>
        CborMap.Of(("name", container.Name), ("id", container.Id), ("process", container.Process.Process), ("stdio", container.Process.AllowsStdio));

    private static CborMap Describe(VirtualMachine? machine) => machine is null ? CborMap.Of() : CborMap.Of(
        ("accelerator", machine.Accelerator == Accelerator.Kvm ? "KVM" : "emulation"),
        ("memory", (long)machine.Plan.Memory),
        ("cores", (long)machine.Plan.Cores),
        ("stages", new CborArray(machine.Stages.Select(stage => (CborValue)CborMap.Of(("name", stage.Name), ("reached_ms", (long)stage.Reached.TotalMilliseconds))))));
}
