using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>The host never gets the standard streams of a container, or of a process so called wherever it runs.</summary>
internal sealed class StreamsStayInside(string text, Scope scope) : Assertion(text)
{
    public override IEnumerable<string> Remarks(GroupInvariant invariant)
    {
        string[] flags = [.. new[] { "get_properties", "dump_stacks", "runtime_logging", "plan9_mount" }.Where(point => invariant.At(point).Any())];
        if (flags.Length > 0)
        {
            yield return $"The claim is about standard streams alone; the policy also admits {Words.List(flags.Select(Words.Point))}.";
        }
    }

    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts)
    {
        ContainerEntry[] open = [.. invariant.At("create_container").OfType<CreateFrom>().Select(create => create.Container).Where(entry => entry.Policy.AllowStdioAccess)];
        IEnumerable<Way> ways = invariant.Permits.SelectMany(permit => permit switch
        {
            CreateFrom { Container: var entry } when scope.Has(entry) && entry.Policy.AllowStdioAccess => [new Way($"the host gets the streams of {entry.Name}", scripts.Create(entry)) { Container = entry }],
            StartInside { Container: var entry, Process: var process } when scope.HasProcess(process.Command) && entry.Policy.AllowStdioAccess =>
                [new Way($"{Words.Command(process.Command)} may be started in {entry.Name}, whose streams the host gets", scripts.Exec(entry, process)) { Container = entry, IsLater = true }],
            StartBeside beside when scope.HasBeside(beside.Process.Command) && beside.Process.AllowStdioAccess =>
                [new Way($"the host gets the streams of {beside.Name}", scripts.External(beside.Process)) { Beside = beside }],
            Unrestricted { Point: "create_container", OpensStreams: true } => [new Way("create_container admits every request, and opens the streams", ScriptWriter.Only(Stage.Anything()))],
            Unrestricted { Point: "exec_external", OpensStreams: true } => [new Way("exec_external admits every request, and opens the streams", ScriptWriter.Only(new ExecExternal(Stage.Anything().Process with { Command = [scope.Program] })))],
            Unrestricted { Point: "exec_in_container" } when scope.IsNamed => open.Select(entry => InOpen(scripts, entry)),
            _ => Enumerable.Empty<Way>(),
        });
        return ways.Concat(OfFragments(invariant)).Concat(OfFragments(invariant, false, true));
    }

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) => step.Request switch
    {
        CreateContainer create => step.Decision.AllowStdioAccess != false && scope.Has(invariant, step.Decision.Next, create.ContainerId),
        ExecInContainer exec => scope.HasProcess(exec.Process.Command)
            && step.Decision.Next.Candidates.GetValueOrDefault(exec.ContainerId, []).Any(candidate => candidate.AllowStdioAccess),
        ExecExternal exec => step.Decision.AllowStdioAccess == true && scope.HasBeside(exec.Process.Command),
        _ => false,
    };

    private Way InOpen(ScriptWriter scripts, ContainerEntry entry) => new(
        $"exec_in_container admits every request, also in {entry.Name}, whose streams the host gets",
        scripts.Exec(entry, new ExecProcess([scope.Program], [])))
    {
        Container = entry,
        IsLater = true,
    };
}
