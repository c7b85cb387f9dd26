using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Channel.Decisions;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Guest.Decisions;
using Orchestrator.Guest.Processes;

namespace Orchestrator.Guest.Serving;

/// <summary>Requests that look into the group. What tells the host more than it knows from its own requests is the policy's to admit.</summary>
internal sealed class InsightRequests(Gate gate, GroupIdentity identity, GroupKeys keys, DecisionLog decisions, ProcessTable processes, RuntimeLog log)
{
    private const int MaxLines = 1000;
    private const int MillisecondsPerTick = 10;

    public Task<CborValue> StateAsync()
    {
        GroupState state = gate.State;
        return Task.FromResult<CborValue>(CborMap.Of(
            ("policy", identity.Policy),
            ("inconsistent", gate.Inconsistency is { } finding ? (CborValue)finding : null),
            ("devices", CborMap.Of(state.Devices.Select(device => (device.Key, (CborValue?)device.Value)))),
            ("scratch", CborMap.Of(state.Scratch.Select(scratch => (scratch.Key, (CborValue?)scratch.Value)))),
            ("overlays", new CborArray(state.Overlays.Order(StringComparer.Ordinal).Select(overlay => (CborValue)overlay))),
            ("fragments", (long)state.Fragments.Length),
            ("containers", CborMap.Of(state.Candidates.Keys.Union(state.Started.Keys).Select(id => (id, (CborValue?)Describe(state, id)))))));
    }

    public Task<CborValue> DecisionsAsync(CborField body)
    {
        int from = body.ReadMap(map => map.Required("from").AsInt32(min: 0));
        (ImmutableArray<byte[]> entries, DecisionHead head) = decisions.Read(identity.Policy, from, DecisionHead.PageSize);
        return Task.FromResult<CborValue>(CborMap.Of(("entries", new CborArray(entries.Select(entry => (CborValue)entry))), ("head", head.Sign(keys.Signing))));
    }

    public Task<CborValue> PropertiesAsync() => IfFlaggedAsync("get_properties", () => new CborArray(processes.Running.Select(Describe)));

    public Task<CborValue> StacksAsync() => IfFlaggedAsync("dump_stacks", () =>
    {
        var text = new StringBuilder();
        foreach (GuestProcess process in processes.Running)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"process {process.Id} {process.Command[0]}").AppendLine((process.ReadProc("stack") ?? "").TrimEnd());
        }

        return CborMap.Of(("text", text.ToString()));
    });

    public Task<CborValue> LogAsync(CborField body)
    {
        int from = body.ReadMap(map => map.Required("from").AsInt32(min: 0));
        return IfFlaggedAsync("runtime_logging", () => CborMap.Of(("lines", new CborArray(log.Read(from, MaxLines).Select(line => (CborValue)line)))));
    }

    private Task<CborValue> IfFlaggedAsync(string point, Func<CborValue> look) => gate.PerformAsync(() => new FlaggedAccess(point), _ => Task.FromResult(look()));

    private CborMap Describe(GroupState state, string id) => CborMap.Of(
        ("created", state.Started.ContainsKey(id)),
        ("running", processes.IsRunning(id)),
        ("process", processes.InitOf(id) is { } init ? init.Id : null),
        ("candidates", new CborArray(state.Candidates.GetValueOrDefault(id, []).Select(Describe))));

    private static CborMap Describe(ContainerPolicy container) => CborMap.Of(
        ("name", container.Label),
        ("command", new CborArray(container.Command.Select(word => (CborValue)word))),
        ("exec", new CborArray(container.ExecProcesses.Select(exec => new CborArray(exec.Command.Select(word => (CborValue)word))))),
        ("signals", new CborArray(container.Signals.Select(signal => (CborValue)signal))),
        ("stdio", container.AllowStdioAccess));

    // Only here the kernel counts to the page: "Rss:", spaces, kilobytes.
    private static long Resident(GuestProcess process)
    {
        const string Label = "Rss:";
        string? line = process.ReadProc("smaps_rollup")?.Split('\n').FirstOrDefault(text => text.StartsWith(Label, StringComparison.Ordinal));
        return line is null ? 0 : 1024 * Number(line[Label.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries), 0);
    }

    // proc(5): the name in parentheses may hold anything; utime and stime are the 14th and 15th fields.
    private static CborMap Describe(GuestProcess process)
    {
        string[] fields = (process.ReadProc("stat") is { } stat ? stat[(stat.LastIndexOf(')') + 1)..] : "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return CborMap.Of(
            ("process", process.Id),
            ("container", process.Container is { } container ? (CborValue)container : null),
            ("command", new CborArray(process.Command.Select(word => (CborValue)word))),
            ("user_ms", Number(fields, 11) * MillisecondsPerTick),
            ("system_ms", Number(fields, 12) * MillisecondsPerTick),
            ("memory", Resident(process)));
    }

    private static long Number(string[] fields, int index) => index < fields.Length && long.TryParse(fields[index], CultureInfo.InvariantCulture, out long number) ? number : 0;
}
