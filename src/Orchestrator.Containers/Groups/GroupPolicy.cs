using System.Collections.Immutable;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Writing;

namespace Orchestrator.Containers.Groups;

/// <summary>The execution policy of a group: what its plan says, and nothing besides.</summary>
public static class GroupPolicy
{
    /// <summary>Versions that Azure's confidential containers accept.</summary>
    private static readonly (FrameworkVersion Api, FrameworkVersion Framework) s_azure = (new(0, 10, 0), new(0, 2, 3));

    /// <summary>The policy in the form in which <paramref name="shape"/> writes it.</summary>
    public static ExecutionPolicy Of(GroupPlan plan, PolicyShape shape)
    {
        ArgumentNullException.ThrowIfNull(plan);
        (FrameworkVersion api, FrameworkVersion framework) = shape == PolicyShape.RuntimeTool ? (FrameworkVersion.Api, FrameworkVersion.Framework) : s_azure;
        return new ExecutionPolicy
        {
            ApiVersion = api,
            FrameworkVersion = framework,
            Points = EnforcementPoint.All.Values.Where(point => point.Introduced <= api).ToImmutableDictionary(point => point.Name, _ => PointRule.Framework, StringComparer.Ordinal),
            Containers = [.. plan.Containers.Select(Container)],
            ExternalProcesses = plan.File.ExternalProcesses,
            Fragments = plan.File.Fragments,
            Flags = plan.File.Flags,
        };
    }

    private static ContainerPolicy Container(PlannedContainer container)
    {
        ContainerSection section = container.Section;
        return new ContainerPolicy
        {
            Label = section.Name,
            Command = container.Command,
            Environment = Environment(container),
            Layers = [.. container.Layers.Select(layer => layer.RootHash.ToString())],
            Mounts = [.. section.Volumes.Select(volume => volume.Rule), .. section.Mounts],
            ExecProcesses = section.ExecProcesses,
            Signals = section.Signals,
            User = new UserRule(Exactly(container.User), [.. container.Groups.Select(Exactly)], section.Umask),
            Capabilities = section.Capabilities,
            SeccompProfile = section.SeccompProfile,
            AllowElevated = section.AllowElevated,
            WorkingDirectory = container.WorkingDirectory,
            AllowStdioAccess = section.AllowStdioAccess,
            NoNewPrivileges = section.NoNewPrivileges,
        };
    }

    // The image's variables are values like the file's own.
    private static ImmutableArray<EnvironmentRule> Environment(PlannedContainer container)
    {
        HashSet<string> written = [.. container.Section.Environment.Where(rule => !rule.Variable.IsPattern).Select(rule => rule.Variable.Text)];
        return
        [
            .. container.Environment.Where(variable => !written.Contains(variable)).Select(variable => new EnvironmentRule.Whole(TextRule.Exactly(variable), Required: true)),
            .. container.Section.Environment,
        ];
    }

    private static IdentityRule Exactly(Identity identity) => new(IdentityStrategy.Id, TextRule.Exactly(identity.Id));
}
