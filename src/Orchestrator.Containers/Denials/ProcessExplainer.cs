using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Denials;

/// <summary>Explains refusals to create a container or to start a process: which value of the candidates is nearest to what was asked.</summary>
internal sealed class ProcessExplainer(GroupEnvironment environment)
{
    private const string Variables = "invalid env list: ";
    private const string Mounts = "invalid mount list: ";

    public Explanation Explain(ImmutableArray<ContainerPolicy> possible, CreateContainer request, string error)
    {
        if (possible.IsEmpty)
        {
            return new Explanation(error, "", "containers only whose layers were stacked before");
        }

        return error switch
        {
            "invalid command" => Text(error, Line(request.Process.Command), possible.Select(container => Line(container.Command))),
            "invalid seccomp" => Text(error, request.SeccompProfile, possible.Select(container => container.SeccompProfile)),
            "privileged escalation not allowed" => new Explanation(error, "a privileged container", "unprivileged ones"),
            "devices not supported" => new Explanation(error, string.Join(", ", request.Devices), "containers without devices"),
            "containers only distinguishable by allow_stdio_access" => new Explanation(error, "", "containers only that agree on streams; candidates are " + string.Join(" and ", possible.Select(NameOf).Distinct())),
            "container already started" => new Explanation(error, request.ContainerId, "an ID that was never used"),
            _ when error.StartsWith(Mounts, StringComparison.Ordinal) => Mount(possible, request, error),
            _ => Explain(possible, request.Process, request.Privileges, request.Privileged, error),
        };
    }

    public Explanation Explain(ImmutableArray<ContainerPolicy> possible, ExecInContainer request, string error) => error switch
    {
        "container not started" => new Explanation(error, request.ContainerId, "processes in running containers"),
        "invalid command" => Text(error, Line(request.Process.Command), possible.SelectMany(container => container.ExecProcesses).Select(process => Line(process.Command))),
        _ => Explain(possible, request.Process, request.Privileges, privileged: false, error),
    };

    public static Explanation Explain(ImmutableArray<ExternalProcess> possible, ExecExternal request, string error) => error switch
    {
        "invalid command" => Text(error, Line(request.Process.Command), possible.Select(process => Line(process.Command))),
        "invalid working directory" => Text(error, request.Process.WorkingDirectory, possible.Select(process => process.WorkingDirectory)),
        _ => Environment(possible.SelectMany(process => process.Environment), request.Process, error),
    };

    private Explanation Explain(ImmutableArray<ContainerPolicy> possible, ProcessRequest process, ProcessPrivileges privileges, bool privileged, string error) => error switch
    {
        "invalid working directory" => Text(error, process.WorkingDirectory, possible.Select(container => container.WorkingDirectory)),
        "invalid noNewPrivileges" => new Explanation(error, "a process that may gain privileges", "those with no_new_privileges"),
        "invalid user" => Text(error, UserText(privileges), possible.Select(container => RuleText(container.User))),
        "capabilities don't match" or "containers only distinguishable by capabilties" => Capabilities(possible, privileges.Capabilities, privileged, error),
        _ => Environment(possible.SelectMany(container => container.Environment), process, error),
    };

    private static Explanation Environment(IEnumerable<EnvironmentRule> rules, ProcessRequest process, string error)
    {
        if (error == "missing required environment variable")
        {
            return new Explanation(error, "", string.Join(", ", rules.Where(rule => rule.Required && !process.Environment.Any(rule.Permits)).Select(RuleText).Distinct()));
        }

        if (!error.StartsWith(Variables, StringComparison.Ordinal))
        {
            return new Explanation(error, "", "");
        }

        // Only the names of what was asked: values may be secret.
        string[] names = error[Variables.Length..].Split(',');
        return new Explanation(error, string.Join(", ", names), string.Join(", ", names.Select(name => Nearest.Of(rules.Select(RuleText), name, text => text.Split('=')[0])).OfType<string>().Distinct()));
    }

    private Explanation Mount(ImmutableArray<ContainerPolicy> possible, CreateContainer request, string error)
    {
        string[] destinations = error[Mounts.Length..].Split(',');
        IEnumerable<string> permitted = possible.SelectMany(container => container.Mounts).Concat(environment.DefaultMounts).Select(rule => MountText(rule.Destination, rule.Source.Text, rule.Type, rule.Options)).ToList();
        MountRequest[] refused = [.. request.Mounts.Where(mount => destinations.Contains(mount.Destination))];
        return new Explanation(
            error,
            string.Join("; ", refused.Select(mount => MountText(mount.Destination, mount.Source, mount.Type, mount.Options))),
            string.Join("; ", refused.Select(mount => Nearest.Of(permitted, MountText(mount.Destination, mount.Source, mount.Type, mount.Options), text => text)).OfType<string>().Distinct()));
    }

    private Explanation Capabilities(ImmutableArray<ContainerPolicy> possible, CapabilitySets asked, bool privileged, string error)
    {
        var checks = new ContainerChecks(environment);
        CapabilitySets? nearest = possible.Select(container => checks.CapabilitiesOf(container, privileged)).MinBy(sets => sets.Sets.Zip(asked.Sets).Sum(pair => pair.First.Except(pair.Second).Count() + pair.Second.Except(pair.First).Count()));
        return nearest is null ? new Explanation(error, "", "") : new Explanation(error, Difference(asked, nearest), "exactly its sets" + Difference(nearest, asked) switch { "" => "", var lacking => $", with {lacking}" });
    }

    private static string Difference(CapabilitySets sets, CapabilitySets without)
    {
        string[] names = ["bounding", "effective", "inheritable", "permitted", "ambient"];
        return string.Join(", ", names.Zip(sets.Sets, without.Sets).SelectMany(set => set.Second.Except(set.Third).Select(capability => $"{capability} ({set.First})")));
    }

    private static Explanation Text(string error, string asked, IEnumerable<string> permitted) =>
        new(error, asked.Length == 0 ? "none" : asked, Nearest.Of(permitted, asked, text => text) is { } nearest ? nearest.Length == 0 ? "none" : nearest : "");

    private static string UserText(ProcessPrivileges privileges) =>
        $"user {IdentityText(privileges.User)}, groups {string.Join(", ", privileges.Groups.Select(IdentityText))}, umask {privileges.Umask}";

    private static string RuleText(UserRule rule) => $"user {RuleText(rule.User)}, groups {string.Join(", ", rule.Groups.Select(RuleText))}, umask {rule.Umask}";

    private static string RuleText(IdentityRule rule) => rule.Strategy == IdentityStrategy.Any ? "any" : rule.Pattern.Text;

    private static string IdentityText(Identity identity) => identity.Name.Length == 0 ? identity.Id : $"{identity.Id} ({identity.Name})";

    private static string RuleText(EnvironmentRule rule) => rule switch
    {
        EnvironmentRule.Whole whole => whole.Variable.Text,
        EnvironmentRule.NameAndValue both => $"{both.Name.Text}={both.Value.Text}",
        _ => "",
    };

    private static string MountText(string destination, string source, string type, ImmutableArray<string> options) => $"{destination} from {source} ({type}; {string.Join(',', options)})";

    private static string Line(ImmutableArray<string> command) => string.Join(' ', command);

    private static string NameOf(ContainerPolicy container) => container.Label.Length > 0 ? container.Label : Line(container.Command);
}
