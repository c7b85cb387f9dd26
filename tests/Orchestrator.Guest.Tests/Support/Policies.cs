using System.Collections.Immutable;
using System.Text;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Writing;

namespace Orchestrator.Guest.Tests.Support;

/// <summary>Policies and containers that tests start from.</summary>
internal static class Policies
{
    private static readonly FrameworkVersion s_api = new(0, 12, 0);
    private static readonly FrameworkVersion s_framework = new(0, 5, 0);

    /// <summary>A container that may do nothing but run a command of the shell as <c>worker</c>, and say what it writes.</summary>
    public static ContainerPolicy Shell(string command, params LayerImage[] layers) => new()
    {
        Command = ["/bin/sh", "-c", command],
        Environment = [new EnvironmentRule.Whole(TextRule.Exactly("PATH=/bin"), Required: true), new EnvironmentRule.Whole(TextRule.Matching("MODE=(fast|slow)"), Required: false)],
        Layers = [.. layers.Select(layer => layer.RootHash.ToString())],
        Mounts = [],
        ExecProcesses = [],
        Signals = [],
        User = new UserRule(new IdentityRule(IdentityStrategy.Id, TextRule.Exactly("1000")), [new IdentityRule(IdentityStrategy.Any, TextRule.Exactly(""))], "0022"),
        Capabilities = CapabilitySets.None,
        SeccompProfile = "",
        AllowElevated = false,
        WorkingDirectory = "/",
        AllowStdioAccess = true,
        NoNewPrivileges = true,
    };

    /// <summary>A policy of these containers and nothing else.</summary>
    public static byte[] Text(params ImmutableArray<ContainerPolicy> containers) => Text(new PolicyFlags(), containers);

    /// <summary>A policy of these containers, external processes and flags.</summary>
    public static byte[] Text(PolicyFlags flags, ImmutableArray<ContainerPolicy> containers, params ImmutableArray<ExternalProcess> external) =>
        Encoding.UTF8.GetBytes(PolicyWriter.Write(
            new ExecutionPolicy
            {
                ApiVersion = s_api,
                FrameworkVersion = s_framework,
                Points = EnforcementPoint.All.Keys.ToImmutableDictionary(point => point, _ => PointRule.Framework),
                Containers = containers,
                ExternalProcesses = external,
                Flags = flags,
            },
            PolicyShape.RuntimeTool));
}
