using System.Collections.Immutable;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Explanations;

/// <summary>What a container may ever be, in words, one line for each aspect.</summary>
internal static class ContainerWords
{
    /// <summary>The lines: what is spoken of, and what is said of it.</summary>
    public static IEnumerable<(string Aspect, string Words)> Of(ContainerEntry entry)
    {
        ContainerPolicy policy = entry.Policy;
        yield return ("runs", $"{Words.Command(policy.Command)} in {policy.WorkingDirectory}");
        yield return ("as", User(policy.User));
        yield return ("capabilities", Capabilities(entry));
        yield return ("confined", $"{(policy.NoNewPrivileges ? "never gains privileges" : "may gain privileges")}; {(policy.SeccompProfile.Length == 0 ? "no seccomp profile" : $"seccomp profile {Words.Hash(policy.SeccompProfile)}")}{(policy.AllowElevated ? "; may be privileged" : "")}");
        foreach (string variable in Variables(policy.Environment))
        {
            yield return ("variable", variable);
        }

        foreach (MountRule mount in policy.Mounts)
        {
            yield return ("mount", $"{mount.Destination} from {Words.Quote(mount.Source.Text)} ({string.Join(',', mount.Options)})");
        }

        foreach (ExecProcess process in policy.ExecProcesses)
        {
            yield return ("may start", $"{Words.Command(process.Command)}{(process.Signals.IsEmpty ? "" : $", which may get signals {Words.List(process.Signals.Select(Signal))}")}");
        }

        yield return ("signals", policy.Signals.IsEmpty ? "none" : Words.List(policy.Signals.Distinct().Select(Signal)));
        yield return ("streams", policy.AllowStdioAccess ? "the host gets them" : "stay inside");
    }

    /// <summary>Rules for variables.</summary>
    public static IEnumerable<string> Variables(ImmutableArray<EnvironmentRule> rules) => rules.Select(rule => $"{Text(rule)}{(rule.Required ? ", required" : "")}");

    private static string Text(EnvironmentRule rule) => rule switch
    {
        EnvironmentRule.Whole whole => Text(whole.Variable),
        EnvironmentRule.NameAndValue pair => $"name {Text(pair.Name)}, value {Text(pair.Value)}",
        _ => rule.ToString(),
    };

    private static string Text(TextRule rule) => rule.IsPattern && rule.Text.Length > 0 ? $"like {rule.Text}" : Words.Quote(rule.Text);

    private static string User(UserRule user) =>
        $"{Identity("user", user.User)}, {(user.Groups.IsEmpty ? "no further groups" : Words.List(user.Groups.Select(group => Identity("group", group)).Distinct()))}, umask {user.Umask}";

    private static string Identity(string what, IdentityRule rule) => rule.Strategy switch
    {
        IdentityStrategy.Any => $"any {what}",
        IdentityStrategy.Id => $"{what} {rule.Pattern.Text}, whatever its name",
        IdentityStrategy.Name => $"{what} named {Words.Quote(rule.Pattern.Text)}, whatever its number",
        _ => $"{what} named like {rule.Pattern.Text}, whatever its number",
    };

    private static string Capabilities(ContainerEntry entry)
    {
        string[] own = [.. entry.Capabilities.Sets.SelectMany(set => set.AsEnumerable()).Distinct().Order(StringComparer.Ordinal)];
        return $"{(own.Length == 0 ? "none" : Words.List(own))}{(entry.Policy.Capabilities is null ? " (the guest's default)" : "")}";
    }

    private static string Signal(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
