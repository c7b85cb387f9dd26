using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Explanations;

/// <summary>What a policy lets its groups ever do, in words: risky permissions first, then image by image.</summary>
public static class PolicyWords
{
    /// <summary>The risky permissions, the worst first.</summary>
    public static ImmutableArray<Risk> RisksOf(Prover prover)
    {
        ArgumentNullException.ThrowIfNull(prover);
        return Risks.Of(prover);
    }

    /// <summary>Everything, as text of several lines.</summary>
    public static string Explain(Prover prover)
    {
        ArgumentNullException.ThrowIfNull(prover);
        var text = new StringBuilder();
        AddRisks(text, RisksOf(prover));
        foreach (IGrouping<string, ContainerEntry> image in prover.Invariant.Containers.GroupBy(entry => string.Join(',', entry.Policy.Layers)))
        {
            AddImage(text, [.. image]);
        }

        AddProcesses(text, prover.Invariant);
        AddGroup(text, prover.Invariant);
        return text.ToString().TrimEnd();
    }

    private static void AddRisks(StringBuilder text, ImmutableArray<Risk> risks)
    {
        text.AppendLine(risks.IsEmpty ? "No risky permissions." : "Risky permissions, the worst first");
        foreach (Risk risk in risks)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {risk.Kind}");
            foreach (string instance in risk.Instances)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    - {instance}");
            }
        }
    }

    private static void AddImage(StringBuilder text, ImmutableArray<ContainerEntry> entries)
    {
        ImmutableArray<string> layers = entries[0].Policy.Layers;
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Image of {(layers.IsEmpty ? "no layers" : $"layers {Words.List(layers.Select(Words.Hash))}, the bottom one first")}");
        if (entries.Length > 1)
        {
            text.AppendLine("  Until a container of it is created it can be any of these; what is admitted then leaves of them what fits.");
        }

        foreach (ContainerEntry entry in entries)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {entry.Name}");
            foreach ((string aspect, string words) in ContainerWords.Of(entry))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    {aspect,-13}{words}");
            }
        }
    }

    private static void AddProcesses(StringBuilder text, GroupInvariant invariant)
    {
        StartBeside[] beside = [.. invariant.At("exec_external").OfType<StartBeside>()];
        if (beside.Length > 0)
        {
            text.AppendLine().AppendLine("Beside the containers");
        }

        foreach (StartBeside process in beside)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {process.Name} in {process.Process.WorkingDirectory}; streams {(process.Process.AllowStdioAccess ? "go to the host" : "stay inside")}");
            foreach (string variable in ContainerWords.Variables(process.Process.Environment))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    {"variable",-13}{variable}");
            }
        }
    }

    private static void AddGroup(StringBuilder text, GroupInvariant invariant)
    {
        PolicyFlags flags = invariant.Policy.Flags;
        string[] never = [.. EnforcementPoint.All.Keys.Order(StringComparer.Ordinal).Where(point => !invariant.At(point).Any())];
        text.AppendLine().AppendLine("The group");
        text.AppendLine(CultureInfo.InvariantCulture, $"  variables that no rule permits are {(flags.AllowEnvironmentVariableDropping ? "dropped" : "refused")}, capabilities {(flags.AllowCapabilityDropping ? "dropped" : "refused")}");
        foreach (LoadFragmentOf fragment in invariant.At("load_fragment").OfType<LoadFragmentOf>())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  fragments of {fragment.Reference.Issuer}, feed {Words.Quote(fragment.Reference.Feed)}, svn at least {fragment.Reference.MinimumSvn}, may add {Words.List(fragment.Reference.Includes.Select(Fragments.FragmentReference.NameOf))}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"  never admitted: {(never.Length == 0 ? "nothing" : string.Join(", ", never))}");
    }
}
