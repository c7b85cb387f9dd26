using System.Globalization;
using System.Text;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Cli.Commands;

/// <summary>A running group's state as people see it.</summary>
internal sealed record GroupStateView(string Policy, MachineView? Machine, string? Inconsistent, IReadOnlyDictionary<string, string> Layers, IReadOnlyList<ContainerStateView> Containers)
{
    /// <summary>Reads the guest's answer, and what only the shim knows: names, and the machine.</summary>
    public static GroupStateView Read(CborField state, CborField names, CborField machine)
    {
        Dictionary<string, string> known = names.AsArray().Select(container => container.ReadMap(map =>
        {
            map.Required("process");
            map.Required("stdio");
            return (Id: map.Required("id").AsText(), Name: map.Required("name").AsText());
        })).ToDictionary(container => container.Id, container => container.Name, StringComparer.Ordinal);
        return state.ReadMap(map =>
        {
            map.Required("scratch");
            map.Required("overlays");
            map.Required("fragments");
            return new GroupStateView(
                map.Required("policy").AsDigest().ToString(),
                MachineView.Read(machine),
                map.Optional("inconsistent")?.AsText(4096),
                Entries(map.Required("devices")).ToDictionary(entry => entry.Key, entry => entry.Value.AsText()),
                [.. Entries(map.Required("containers")).Select(entry => ContainerStateView.Read(known.GetValueOrDefault(entry.Key, ""), entry.Key, entry.Value))]);
        });
    }

    /// <summary>One line a fact.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"policy {Policy}");
        text.AppendLine(MachineView.LineOf(Machine));
        if (Inconsistent is { } finding)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"INCONSISTENT: {finding}");
        }

        foreach ((string target, string hash) in Layers)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"layer {hash} at {target}");
        }

        foreach (ContainerStateView container in Containers)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"container {container.Name} {container.Id[..12]} {container.Condition}");
            foreach (CandidateView candidate in container.CanStillBe)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  can still be {candidate.Name}: {candidate.Command}");
                text.AppendLine(CultureInfo.InvariantCulture, $"    exec {Listed(candidate.Exec)}, signals {Listed(candidate.Signals)}, streams {(candidate.Stdio ? "open" : "stay inside")}");
            }
        }

        return text.ToString().TrimEnd();
    }

    internal static IEnumerable<(string Key, CborField Value)> Entries(CborField field) =>
        field.Value is CborMap map ? map.Entries.Select(entry => (entry.Key.As(field.Path).AsText(), entry.Value.As(field.Path))) : throw field.OutOfRange("is no map");

    private static string Listed<T>(IReadOnlyList<T> items) => items.Count == 0 ? "none" : string.Join(", ", items);
}

/// <summary>A container's state.</summary>
internal sealed record ContainerStateView(string Name, string Id, string Condition, IReadOnlyList<CandidateView> CanStillBe)
{
    public static ContainerStateView Read(string name, string id, CborField field) => field.ReadMap(map =>
    {
        map.Optional("process");
        string condition = map.Required("running").AsBool() ? "running" : map.Required("created").AsBool() ? "ended" : "not created";
        map.Required("created");
        return new ContainerStateView(name, id, condition, [.. map.Required("candidates").AsArray().Select(CandidateView.Read)]);
    });
}

/// <summary>What a container can still be.</summary>
internal sealed record CandidateView(string Name, string Command, IReadOnlyList<string> Exec, IReadOnlyList<long> Signals, bool Stdio)
{
    private const int MaxText = 128 * 1024;

    public static CandidateView Read(CborField field) => field.ReadMap(map => new CandidateView(
        map.Required("name").AsText(MaxText),
        Line(map.Required("command")),
        [.. map.Required("exec").AsArray().Select(Line)],
        [.. map.Required("signals").AsArray().Select(signal => signal.AsInt64())],
        map.Required("stdio").AsBool()));

    private static string Line(CborField words) => string.Join(' ', words.AsArray().Select(word => word.AsText(MaxText)));
}
