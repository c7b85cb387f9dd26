using System.Collections.Immutable;
using System.Text;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Writing;

namespace Orchestrator.Attack.Guests;

/// <summary>The execution policy that the parties agreed on: two containers that look alike until one of them is told to do what only it may do, and a quiet one.</summary>
internal static class GuestPolicies
{
    /// <summary>What the twins run.</summary>
    public static ImmutableArray<string> TwinCommand { get; } = ["/bin/sh", "-c", "cat /note.txt; cat"];

    /// <summary>What the quiet one runs: nothing of it may come out.</summary>
    public static ImmutableArray<string> QuietCommand { get; } = ["/bin/cat"];

    /// <summary>What only the first twin may be told to run later.</summary>
    public static ImmutableArray<string> FirstTool { get; } = ["/bin/echo", "first"];

    /// <summary>What only the second twin may be told to run later.</summary>
    public static ImmutableArray<string> SecondTool { get; } = ["/bin/echo", "second"];

    /// <summary>The permission that a container of the group has, for what it keeps.</summary>
    public static MountRule Volume { get; } = new("/data", MountSource.Parse("sandbox:///volumes/data"), "bind", ["rbind", "rprivate", "ro"]);

    /// <summary>The policy's text.</summary>
    public static byte[] Write(GuestLayers layers, FragmentReference fragment)
    {
        ContainerPolicy twin = Container(TwinCommand, layers) with { Mounts = [Volume] };
        var policy = new ExecutionPolicy
        {
            ApiVersion = FrameworkVersion.Api,
            FrameworkVersion = FrameworkVersion.Framework,
            Points = EnforcementPoint.All.Keys.ToImmutableDictionary(point => point, _ => PointRule.Framework),
            Containers =
            [
                twin with { ExecProcesses = [new ExecProcess(FirstTool, [])], Signals = [10] },
                twin with { ExecProcesses = [new ExecProcess(SecondTool, [])], Signals = [9] },
                Container(QuietCommand, layers) with { AllowStdioAccess = false },
            ],
            Fragments = [fragment],
        };
        return Encoding.UTF8.GetBytes(PolicyWriter.Write(policy, PolicyShape.RuntimeTool));
    }

    /// <summary>A policy that admits everything: what a host would like.</summary>
    public static byte[] AllowAll() => Encoding.UTF8.GetBytes(
        "package policy\napi_version := \"0.12.0\"\nframework_version := \"0.5.0\"\n" + string.Concat(EnforcementPoint.All.Keys.Order(StringComparer.Ordinal).Select(point => $"{point} := {{\"allowed\": true}}\n")));

    private static ContainerPolicy Container(ImmutableArray<string> command, GuestLayers layers) => new()
    {
        Command = command,
        Environment = [new EnvironmentRule.Whole(TextRule.Exactly("PATH=/bin"), Required: true)],
        Layers = [layers.Shell.RootHash.ToString(), layers.Note.RootHash.ToString()],
        Mounts = [],
        ExecProcesses = [],
        Signals = [],
        User = new UserRule(Exactly("1000"), [Exactly("1000")], "0022"),
        Capabilities = CapabilitySets.None,
        SeccompProfile = "",
        AllowElevated = false,
        WorkingDirectory = "/",
        AllowStdioAccess = true,
        NoNewPrivileges = true,
    };

    private static IdentityRule Exactly(string id) => new(IdentityStrategy.Id, TextRule.Exactly(id));
}
