using System.CommandLine;
using System.Text;
using Orchestrator.Containers.Denials;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator policy extend</c>: whether a policy lets fragments in, and what they add.</summary>
internal static class PolicyExtendCommand
{
    public static CliCommand Create(Terminal terminal)
    {
        var policy = new Argument<string>("POLICY") { Description = "An execution policy's text, or that text in Base64." };
        var fragments = new Argument<string[]>("FRAGMENT") { Description = "Signed fragments, and signed lists of transparency services (COSE_Sign1), in the order in which they are loaded.", Arity = ArgumentArity.OneOrMore };
        var at = new Option<DateTimeOffset?>("--at") { Description = "Judge the signers' certificates as of this time, such as 2027-03-01T12:00:00Z, in place of now.", HelpName = "TIME", CustomParser = EvidenceCommands.ParseTime };
        var command = new CliCommand(
            "extend",
            "Verify fragments and load them into a policy, as a guest would, and print what each adds. The first that is not what it says, or that the policy does not admit, ends it.",
            "orchestrator policy extend policy.rego infra.cose",
            "orchestrator policy extend policy.rego parent.cose child.cose --at 2027-03-01T12:00:00Z --json")
        {
            policy, fragments, at,
        };
        command.SetAction(parsed =>
        {
            ExecutionPolicy extended = PolicyFile.Read(parsed.GetRequiredValue(policy)).Policy;
            DateTimeOffset time = parsed.GetValue(at) ?? terminal.Clock.GetUtcNow();
            var steps = new List<Step>();
            GroupState state = GroupState.Initial;
            foreach (string file in parsed.GetRequiredValue(fragments))
            {
                EnforcementRequest request = PublishedStatement.Verify(LocalFile.ReadAllBytes(file, VerifiedFragment.MaxBytes, FragmentErrors.Invalid), time);
                GroupState next = Load(extended, state, request, file);
                steps.Add(new Step(file, request, state, next));
                state = next;
            }

            terminal.Result(steps.Select(ToJson), string.Join('\n', steps.Select(Describe)));
        });
        return command;
    }

    private static GroupState Load(ExecutionPolicy policy, GroupState state, EnforcementRequest request, string file)
    {
        var environment = new GroupEnvironment();
        Decision decision = new PolicyEngine(policy, environment).Decide(state, request);
        return decision.Allowed
            ? decision.Next
            : throw new OrchestratorException(FragmentErrors.Refused, $"{file}: {string.Join("; ", new DenialExplainer(policy, environment).Explain(state, request, decision))}");
    }

    private static object ToJson(Step step) => step.Request is LoadTrustList { List: { } list }
        ? new { file = step.File, issuer = list.Issuer, subject = list.Subject, svn = list.Svn.ToString(), services = step.Services }
        : ToJson(step.File, ((LoadFragment)step.Request).Fragment, step.Uses);

    private static string Describe(Step step) => step.Request is LoadTrustList { List: { } list }
        ? $"{step.File}: {list.Subject} svn {list.Svn} of {list.Issuer}\n{string.Join('\n', step.Services.Select(service => $"  trusts receipts of {service}"))}".TrimEnd('\n')
        : Describe(step.File, ((LoadFragment)step.Request).Fragment, step.Uses);

    private static object ToJson(string file, VerifiedFragment fragment, LoadedFragment[] uses) => new
    {
        file,
        issuer = fragment.Issuer,
        feed = fragment.Feed,
        svn = fragment.Module.Svn.ToString(),
        digest = fragment.Digest,
        uses = uses.Select(use => new
        {
            containers = use.Permissions.Containers.Select(NameOf),
            externalProcesses = use.Permissions.ExternalProcesses.Select(process => process.Command),
            fragments = use.Permissions.Fragments.Select(reference => new { issuer = reference.Issuer, feed = reference.Feed, minimumSvn = reference.MinimumSvn.ToString() }),
            platformRules = use.Permissions.PlatformRules.Length,
        }),
    };

    private static string Describe(string file, VerifiedFragment fragment, LoadedFragment[] uses)
    {
        var text = new StringBuilder($"{file}: {fragment.Feed} svn {fragment.Module.Svn} of {fragment.Issuer}\n");
        foreach (FragmentPermissions added in uses.Select(use => use.Permissions))
        {
            AddTo(text, "container", added.Containers.Select(NameOf));
            AddTo(text, "process beside them", added.ExternalProcesses.Select(process => string.Join(' ', process.Command)));
            AddTo(text, "fragment", added.Fragments.Select(reference => $"{reference.Feed} svn {reference.MinimumSvn} or later of {reference.Issuer}"));
            AddTo(text, "platform rule", added.PlatformRules.Select(rule => $"{rule.Environment.Length} for variables, {rule.Mounts.Length} for mounts"));
        }

        return text.Append(uses.Length == 0 ? "  adds nothing that was not there\n" : "").ToString().TrimEnd('\n');
    }

    private static void AddTo(StringBuilder text, string kind, IEnumerable<string> names) => text.AppendJoin("", names.Select(name => $"  adds {kind} {name}\n"));

    private static string NameOf(ContainerPolicy container) => container.Label.Length > 0 ? container.Label : string.Join(' ', container.Command);

    private sealed record Step(string File, EnforcementRequest Request, GroupState Before, GroupState After)
    {
        public LoadedFragment[] Uses => [.. After.Fragments.Skip(Before.Fragments.Length)];

        public string[] Services => [.. After.TrustLists.Skip(Before.TrustLists.Length).SelectMany(list => list.Ledgers.Keys).Order(StringComparer.Ordinal)];
    }
}
