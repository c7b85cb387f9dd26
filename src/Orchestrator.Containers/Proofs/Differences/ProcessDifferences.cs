using System.Globalization;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Differences;

/// <summary>Processes and signals that a container newly has.</summary>
internal sealed class ProcessesInside(Prover before, Prover after)
{
    /// <summary>What <paramref name="entry"/> newly has.</summary>
    /// <param name="entry">Of the new policy.</param>
    /// <param name="old">The container that it is held against; null: the old policy lets no such container be remembered, so that nothing was permitted in it.</param>
    public IEnumerable<Candidate> Of(ContainerEntry entry, ContainerEntry? old)
    {
        if (!IsFree("exec_in_container"))
        {
            StartInside[] known = [.. before.Invariant.At("exec_in_container").OfType<StartInside>().Where(start => ReferenceEquals(start.Container, old))];
            foreach (StartInside start in after.Invariant.At("exec_in_container").OfType<StartInside>().Where(start => ReferenceEquals(start.Container, entry)))
            {
                if (!known.Any(one => one.Process.Command.SequenceEqual(start.Process.Command)))
                {
                    yield return new Candidate($"{Words.Command(start.Process.Command)} may be started in {entry.Name}", after.Scripts.Exec(entry, start.Process));
                }
            }
        }

        if (!IsFree("signal_container_process"))
        {
            SendSignal[] known = [.. before.Invariant.At("signal_container_process").OfType<SendSignal>().Where(signal => ReferenceEquals(signal.Container, old))];
            foreach (SendSignal signal in after.Invariant.At("signal_container_process").OfType<SendSignal>().Where(signal => ReferenceEquals(signal.Container, entry)))
            {
                if (!known.Any(one => one.Signal == signal.Signal && IsSameTarget(one.Process, signal.Process)))
                {
                    string target = signal.Process is { } process ? $"{Words.Command(process.Command)} in {entry.Name}" : entry.Name;
                    yield return new Candidate(string.Create(CultureInfo.InvariantCulture, $"signal {signal.Signal} may be sent to {target}"), after.Scripts.Signal(signal));
                }
            }
        }
    }

    private bool IsFree(string point) => before.Invariant.At(point).Any(permit => permit is Unrestricted);

    private static bool IsSameTarget(ExecProcess? one, ExecProcess? other) => one is null || other is null ? one is null && other is null : one.Command.SequenceEqual(other.Command);
}

/// <summary>Processes beside the containers that a policy newly permits.</summary>
internal static class ProcessDifferences
{
    /// <summary>The differences.</summary>
    public static IEnumerable<Candidate> Of(Prover before, Prover after)
    {
        Unrestricted? free = before.Invariant.At("exec_external").OfType<Unrestricted>().FirstOrDefault();
        StartBeside[] known = [.. before.Invariant.At("exec_external").OfType<StartBeside>()];
        StartBeside[] now = [.. after.Invariant.At("exec_external").OfType<StartBeside>()];
        foreach (StartBeside start in now)
        {
            if (free is not null ? start.Process.AllowStdioAccess && !free.OpensStreams : !known.Any(old => Takes(old.Process, start.Process) && !IsHidden(known, old, now, start)))
            {
                yield return new Candidate($"{start.Name} may be started as it could not be before", Attempts(after, start, known));
            }
        }
    }

    private static bool Takes(ExternalProcess old, ExternalProcess process) =>
        IsSame(old, process)
        && (old.AllowStdioAccess || !process.AllowStdioAccess)
        && Coverage.Takes(old.Environment, process.Environment);

    // The old policy may have refused it, for it could be another whose streams are treated otherwise. It counts as known if the new one still does.
    private static bool IsHidden(StartBeside[] known, StartBeside old, StartBeside[] now, StartBeside start) => known
        .Where(rival => rival.Process.AllowStdioAccess != old.Process.AllowStdioAccess && IsSame(rival.Process, start.Process))
        .Any(rival => !now.Any(still => still.Process.AllowStdioAccess != start.Process.AllowStdioAccess && IsSame(still.Process, start.Process) && Coverage.Takes(still.Process.Environment, rival.Process.Environment)));

    private static bool IsSame(ExternalProcess one, ExternalProcess other) => one.Command.SequenceEqual(other.Command) && one.WorkingDirectory == other.WorkingDirectory;

    private static IEnumerable<Script> Attempts(Prover after, StartBeside start, StartBeside[] known)
    {
        IEnumerable<string> strangers = start.Process.Environment
            .Select(rule => Coverage.Stranger(rule, [.. known.SelectMany(old => old.Process.Environment)]).Text).OfType<string>();
        return after.Scripts.External(start.Process)
            .Concat(strangers.SelectMany(variable => after.Scripts.External(start.Process, process => process with { Environment = process.Environment.Add(variable) })));
    }
}
