using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Explanations;

/// <summary>Says in words what a request asked for and what it was granted.</summary>
public static class StepWords
{
    /// <summary>One line, without the point's name.</summary>
    public static string Of(Step step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return step.Request switch
        {
            MountDevice mount => $"layer {Words.Hash(mount.DeviceHash)} at {mount.Target}",
            MountWritableDevice mount => $"{(mount.Encrypted ? "encrypted" : "in the clear")} at {mount.Target}",
            MountOverlay mount => string.Create(CultureInfo.InvariantCulture, $"{mount.LayerPaths.Length} layer{(mount.LayerPaths.Length == 1 ? "" : "s")} for container {Words.Hash(mount.ContainerId)}"),
            MountScratch mount => $"{(mount.Encrypted ? "encrypted" : "in the clear")} at {mount.Target}",
            MountShare mount => $"at {mount.Target}",
            CreateContainer create => Create(create, step.Decision),
            ExecInContainer exec => $"{Process(exec.Process, step.Decision)} {Privileges(exec.Privileges, step.Decision)}",
            ExecExternal exec => Process(exec.Process, step.Decision) + Streams(step.Decision),
            SignalProcess signal => string.Create(CultureInfo.InvariantCulture, $"{signal.Signal} to {(signal.IsInitProcess ? "the first process" : Words.Command(signal.Command))}"),
            OfferFragment offer => $"of {offer.Issuer}, feed {Words.Quote(offer.Feed)}",
            _ => "",
        };
    }

    private static string Create(CreateContainer create, Decision decision) =>
        Process(create.Process, decision)
        + $" {Privileges(create.Privileges, decision)}"
        + string.Concat(create.Mounts.Select(mount => $", mount {mount.Destination} from {Words.Quote(mount.Source)}"))
        + (create.Privileged ? ", privileged" : "")
        + Streams(decision);

    private static string Process(ProcessRequest process, Decision decision)
    {
        ImmutableArray<string> variables = decision.Environment ?? process.Environment;
        return Words.Command(process.Command) + (variables.IsEmpty ? "" : $" with {Words.List(variables.Select(Words.Quote))}");
    }

    private static string Privileges(ProcessPrivileges privileges, Decision decision)
    {
        string[] capabilities = [.. (decision.Capabilities ?? privileges.Capabilities).Sets.SelectMany(set => set.AsEnumerable()).Distinct().Order(StringComparer.Ordinal)];
        return $"as user {privileges.User.Id}"
            + (privileges.Groups.IsEmpty ? "" : $", groups {Words.List(privileges.Groups.Select(group => group.Id))}")
            + (capabilities.Length == 0 ? "" : $", {(capabilities.Length > 4 ? $"{capabilities.Length} capabilities" : Words.List(capabilities))}")
            + (privileges.NoNewPrivileges ? "" : ", may gain privileges");
    }

    private static string Streams(Decision decision) => decision.AllowStdioAccess == true ? "; streams open" : "";
}
