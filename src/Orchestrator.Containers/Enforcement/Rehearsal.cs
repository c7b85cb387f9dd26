using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>What a host asks for over a container's life, as far as the policy spells it out.</summary>
internal static class Rehearsal
{
    private const string Container = "container";
    private const string Root = "root";

    /// <summary>Requests from the container's layers to its end.</summary>
    public static IEnumerable<EnforcementRequest> Of(ContainerPolicy container) =>
    [
        new MountScratch("scratch", Encrypted: true),
        .. container.Layers.Select((hash, index) => new MountDevice(Layer(index), hash, "[0-9]+")),
        new MountOverlay(Container, [.. Enumerable.Range(0, container.Layers.Length).Reverse().Select(Layer)], Root),
        Create(container),
        new ShutdownContainer(Container),
        new UnmountOverlay(Root),
    ];

    private static CreateContainer Create(ContainerPolicy container)
    {
        var user = new Identity(container.User.User.Pattern.Text, container.User.User.Pattern.Text);
        ImmutableArray<string> variables = [.. container.Environment.OfType<EnvironmentRule.Whole>().Where(rule => !rule.Variable.IsPattern).Select(rule => rule.Variable.Text)];
        return new CreateContainer(
            Container,
            new ProcessRequest(container.Command, variables, container.WorkingDirectory),
            new ProcessPrivileges(true, user, [], container.User.Umask, container.Capabilities ?? CapabilitySets.None))
        {
            Mounts = [.. container.Mounts.Select(mount => new MountRequest(mount.Destination, mount.Source.Text, mount.Type, mount.Options))],
            Devices = [],
            Privileged = false,
            SeccompProfile = container.SeccompProfile,
            IsSandboxContainer = false,
            SandboxDirectory = "/",
            HugePagesDirectory = "/",
        };
    }

    private static string Layer(int index) => $"{index}";
}
