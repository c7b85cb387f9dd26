using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>
/// States that a policy's containers lead to, and in each of them requests at the edge of what is permitted: each container's own, those of
/// others of its image, and both with one thing changed.
/// </summary>
internal sealed class Probes(GroupInvariant invariant, PolicyEngine engine, ScriptWriter scripts)
{
    /// <summary>The most containers of one image whose requests are tried on each other.</summary>
    private const int MaxNeighbours = 8;

    private static readonly long[] Signals = [1, 2, 9, 10, 15];

    /// <summary>The states and requests.</summary>
    public IEnumerable<(GroupState State, EnforcementRequest Request)> All()
    {
        EnforcementRequest[] anywhere = [.. OfGroup()];
        IEnumerable<(GroupState, EnforcementRequest)> probes = anywhere.Select(request => (GroupState.Initial, request));
        return invariant.Containers.Aggregate(probes, (all, entry) => all.Concat(OfContainer(entry)));
    }

    private IEnumerable<(GroupState State, EnforcementRequest Request)> OfContainer(ContainerEntry entry)
    {
        ContainerEntry[] neighbours = [.. invariant.Containers.Where(other => other.SharesImage(entry)).Take(MaxNeighbours).Append(invariant.Containers[entry.Number % invariant.Containers.Length]).Append(entry).Distinct()];
        GroupState stacked = Follow(Stage.Stack(entry).Then(Stage.MountShare()));
        GroupState created = scripts.Create(entry).Select(Follow).FirstOrDefault(stacked);
        foreach (ContainerEntry neighbour in neighbours)
        {
            foreach (EnforcementRequest request in Stage.Stack(neighbour).Requests.Concat(Creations(neighbour)).Concat(Executions(neighbour)).Concat(Commands(neighbour)))
            {
                yield return (GroupState.Initial, request);
                yield return (stacked, request);
                yield return (created, request);
            }
        }

        foreach (EnforcementRequest request in OfGroup())
        {
            yield return (created, request);
        }
    }

    // As far as the engine goes along.
    private GroupState Follow(Script script) =>
        script.Requests.Aggregate(GroupState.Initial, (state, request) => engine.Decide(state, request) is { Allowed: true, Next: var next } ? next : state);

    private static IEnumerable<EnforcementRequest> Creations(ContainerEntry entry)
    {
        if (Samples.Create(entry) is not { } basic)
        {
            yield break;
        }

        yield return basic;
        yield return basic with { Privileged = true };
        yield return basic with { SeccompProfile = "ff" };
        yield return basic with { Devices = ["/dev/sda"] };
        yield return basic with { Mounts = [new MountRequest("/", "/", "bind", ["rbind", "rw"])] };
        yield return basic with { Mounts = [.. entry.Mounts.Select(rule => Samples.Mount(rule)).OfType<MountRequest>()], IsSandboxContainer = true };
        if (Samples.Privileged(entry, basic) is { } privileged)
        {
            yield return privileged;
        }

        foreach ((ProcessRequest process, ProcessPrivileges privileges) in Variants(basic.Process, basic.Privileges))
        {
            yield return basic with { Process = process, Privileges = privileges };
        }
    }

    private static IEnumerable<EnforcementRequest> Executions(ContainerEntry entry)
    {
        if (Samples.Create(entry) is not { } basic)
        {
            yield break;
        }

        foreach (ExecProcess process in entry.Policy.ExecProcesses.Append(new ExecProcess(["/bin/sh"], [])))
        {
            ExecInContainer exec = Samples.Exec(basic, process);
            yield return exec;
            foreach ((ProcessRequest changed, ProcessPrivileges privileges) in Variants(exec.Process, exec.Privileges))
            {
                yield return exec with { Process = changed, Privileges = privileges };
            }
        }
    }

    private static IEnumerable<(ProcessRequest Process, ProcessPrivileges Privileges)> Variants(ProcessRequest process, ProcessPrivileges privileges)
    {
        yield return (process with { Command = process.Command.Add("-x") }, privileges);
        yield return (process with { WorkingDirectory = process.WorkingDirectory + "x" }, privileges);
        yield return (process with { Environment = [] }, privileges);
        yield return (process with { Environment = process.Environment.Add("LD_PRELOAD=/evil") }, privileges);
        yield return (process with { Environment = process.Environment.Add("") }, privileges);
        yield return (process, privileges with { NoNewPrivileges = false });
        yield return (process, privileges with { Umask = "0000" });
        yield return (process, privileges with { User = new Identity("0", "root") });
        yield return (process, privileges with { User = new Identity("0", "") });
        yield return (process, privileges with { Groups = [new Identity("0", "root")] });
        yield return (process, privileges with { Capabilities = CapabilitySets.None });
        ImmutableArray<string> all = ["CAP_SYS_ADMIN", "CAP_KILL", .. privileges.Capabilities.Bounding];
        yield return (process, privileges with { Capabilities = new CapabilitySets(all, all, all, all, all) });
    }

    private static IEnumerable<EnforcementRequest> Commands(ContainerEntry entry)
    {
        IEnumerable<long> signals = Signals.Concat(entry.Policy.Signals).Concat(entry.Policy.ExecProcesses.SelectMany(process => process.Signals)).Distinct();
        return signals.SelectMany(signal => entry.Policy.ExecProcesses.Select(process => new SignalProcess(Stage.Id, signal, false, process.Command)).Append(new SignalProcess(Stage.Id, signal, true, [])));
    }

    private IEnumerable<EnforcementRequest> OfGroup()
    {
        IEnumerable<EnforcementRequest> requests = EnforcementPoint.All.Keys.SelectMany(point =>
            GroupScripts.At(point, new Unrestricted(point, false)).SelectMany(script => script.Requests));
        IEnumerable<EnforcementRequest> beside = invariant.Policy.ExternalProcesses.Select(Samples.External).OfType<ExecExternal>()
            .SelectMany(exec => new[] { exec, exec with { Process = exec.Process with { Environment = exec.Process.Environment.Add("LD_PRELOAD=/evil") } } });
        return requests.Concat(beside).Append(Stage.MountShare()).Append(new MountScratch("/s", true)).Append(new MountScratch("/s", false));
    }
}
