using System.Collections.Immutable;
using Orchestrator.Containers.Policies.Text;

namespace Orchestrator.Containers.Policies.Writing;

/// <summary>
/// Writes policies in the text forms of the published generators (docs/spec/execution-policy.md, "Shapes"). What is written reads back as
/// what was given; the same policy in the same shape is the same text, so it has one digest.
/// </summary>
public static class PolicyWriter
{
    private static readonly ImmutableArray<string> RuntimeOrder =
    [
        "mount_device", "rw_mount_device", "unmount_device", "rw_unmount_device", "mount_blockdev", "unmount_blockdev", "mount_overlay",
        "unmount_overlay", "mount_cims", "create_container", "exec_in_container", "exec_external", "shutdown_container",
        "signal_container_process", "plan9_mount", "plan9_unmount", "get_properties", "dump_stacks", "runtime_logging", "load_fragment",
        "load_transparency_trust_list", "scratch_mount", "scratch_unmount", "host_network", "log_provider", "registry_changes",
    ];

    private static readonly ImmutableArray<string> LateInAzure =
    [
        "rw_mount_device", "host_network", "load_transparency_trust_list", "rw_unmount_device", "mount_blockdev", "unmount_blockdev", "mount_cims",
        "log_provider", "registry_changes",
    ];

    /// <summary>Writes <paramref name="policy"/> in a generator's <paramref name="shape"/>, ended by a line feed.</summary>
    public static string Write(ExecutionPolicy policy, PolicyShape shape)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return shape == PolicyShape.RuntimeTool ? WriteRuntime(policy) : WriteAzure(policy, shape == PolicyShape.AzureIndented);
    }

    private static string WriteRuntime(ExecutionPolicy policy)
    {
        string objects = Lines(
            RuntimeArray("fragments", policy.Fragments.Select(fragment => Inline(PolicyEncoder.Encode(fragment)))),
            RuntimeArray("transparency_trust_lists", policy.TrustLists.Select(list => Inline(PolicyEncoder.Encode(list)))),
            RuntimeArray("platform_rules", policy.PlatformRules.Select(rule => Inline(PolicyEncoder.Encode(rule)))),
            RuntimeArray("containers", policy.Containers.Select(RuntimeContainer)),
            RuntimeArray("external_processes", policy.ExternalProcesses.Select(process => Inline(PolicyEncoder.Encode(process)))),
            Flags(policy));
        string points = Lines(RuntimeOrder.Where(policy.Points.ContainsKey).Select(point => Point(policy, point)));
        string reason = UsesFramework(policy) ? "\nreason := data.framework.reason" : "";
        return Blocks("package policy", Versions(policy), objects.Length == 0 ? "" : objects + "\n", points + reason);
    }

    private static string WriteAzure(ExecutionPolicy policy, bool indented)
    {
        // Azure's generator lists the points that came later behind the others.
        string points = Lines(RuntimeOrder.Where(policy.Points.ContainsKey).OrderBy(LateInAzure.IndexOf).Select(point => Point(policy, point)));
        return Blocks(
        [
            "package policy",
            "import future.keywords.every\nimport future.keywords.in",
            Versions(policy),
            .. AzureObjects(policy, indented),
            Flags(policy),
            points,
            UsesFramework(policy) ? "reason := {\"errors\": data.framework.errors}" : "",
        ]);
    }

    private static string Versions(ExecutionPolicy policy) => Lines(
        policy.ApiVersion is { } api ? $"api_version := \"{api}\"" : "",
        policy.FrameworkVersion is { } framework ? $"framework_version := \"{framework}\"" : "");

    private static IEnumerable<string> AzureObjects(ExecutionPolicy policy, bool indented)
    {
        yield return "fragments := " + NodePrinter.Indented(Sorted(policy.Fragments.Select(PolicyEncoder.Encode)));
        yield return "containers := " + Print(policy.Containers.Select(container => PolicyEncoder.Encode(container, labelled: true)));
        if (!policy.TrustLists.IsEmpty)
        {
            yield return "transparency_trust_lists := " + Print(policy.TrustLists.Select(PolicyEncoder.Encode));
        }

        if (!policy.PlatformRules.IsEmpty)
        {
            yield return "platform_rules := " + Print(policy.PlatformRules.Select(PolicyEncoder.Encode));
        }

        if (!policy.ExternalProcesses.IsEmpty)
        {
            yield return "external_processes := " + Print(policy.ExternalProcesses.Select(PolicyEncoder.Encode));
        }

        string Print(IEnumerable<PolicyNode> items) =>
            indented ? NodePrinter.Indented(Sorted(items)) : NodePrinter.Line(Sorted(items), ":", ",");
    }

    private static PolicyNode Sorted(IEnumerable<PolicyNode> items) => NodePrinter.Sorted(new ArrayNode(default, [.. items]));

    private static string RuntimeArray(string name, IEnumerable<string> items)
    {
        string text = string.Concat(items.Select(item => $"    {item},\n"));
        return text.Length == 0 ? "" : $"{name} := [\n{text}]";
    }

    private static string RuntimeContainer(ContainerPolicy container) =>
        RuntimeBlock((ObjectNode)PolicyEncoder.Encode(container, labelled: false), "    ", member =>
            member.Key is "user" or "capabilities" && member.Value is ObjectNode block ? RuntimeBlock(block, "        ", inner => Inline(inner.Value)) : Inline(member.Value));

    private static string RuntimeBlock(ObjectNode block, string indent, Func<KeyValuePair<string, PolicyNode>, string> print) =>
        $"{{\n{string.Concat(block.Members.Select(member => $"{indent}    {NodePrinter.Quote(member.Key)}: {print(member)},\n"))}{indent}}}";

    private static string Inline(PolicyNode value) => NodePrinter.Line(value, ": ", ", ");

    // Only the framework's rules read flags, and all of them are written for it, so that nobody has to know what is the default.
    private static string Flags(ExecutionPolicy policy)
    {
        bool all = UsesFramework(policy);
        bool newer = all && policy.FrameworkVersion >= new FrameworkVersion(0, 5, 0);
        PolicyFlags flags = policy.Flags;
        return Lines(
            Flag("allow_properties_access", flags.AllowPropertiesAccess, all),
            Flag("allow_dump_stacks", flags.AllowDumpStacks, all),
            Flag("allow_runtime_logging", flags.AllowRuntimeLogging, all),
            Flag("allow_environment_variable_dropping", flags.AllowEnvironmentVariableDropping, all),
            Flag("allow_unencrypted_scratch", flags.AllowUnencryptedScratch, all),
            Flag("allow_capability_dropping", flags.AllowCapabilityDropping, all),
            Flag("allow_host_network", flags.AllowHostNetwork, newer));
    }

    private static string Flag(string name, bool value, bool written) => value || written ? $"{name} := {(value ? "true" : "false")}" : "";

    private static string Point(ExecutionPolicy policy, string point) => $"{point} := {Rule(point, policy.Points[point])}";

    private static string Rule(string point, PointRule rule) => rule switch
    {
        PointRule.Framework => "data.framework." + point,
        PointRule.AllowAllAndStreams => "{\"allowed\": true, \"allow_stdio_access\": true}",
        PointRule.AllowAll => "{\"allowed\": true}",
        _ => "{\"allowed\": false}",
    };

    private static bool UsesFramework(ExecutionPolicy policy) => policy.Points.ContainsValue(PointRule.Framework);

    private static string Blocks(params IEnumerable<string> blocks) => string.Join("\n\n", blocks.Where(block => block.Length > 0)) + "\n";

    private static string Lines(params IEnumerable<string> lines) => string.Join('\n', lines.Where(line => line.Length > 0));
}
