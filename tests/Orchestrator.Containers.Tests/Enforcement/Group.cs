using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Tests.Enforcement;

/// <summary>A group under a policy, as a guest would drive it.</summary>
internal sealed class Group(string policy)
{
    public const string DevicePattern = "/run/mounts/scsi/m[0-9]+";

    private readonly PolicyEngine _engine = new(PolicyReader.Read(policy), new GroupEnvironment());

    public GroupState State { get; private set; } = GroupState.Initial;

    public static string Id(char digit) => new(digit, 64);

    public static string Hash(char digit) => new(digit, 64);

    /// <summary>Decides and goes on to the next state.</summary>
    public Decision Ask(EnforcementRequest request)
    {
        Decision decision = _engine.Decide(State, request);
        Assert.True(decision.Allowed || ReferenceEquals(decision.Next, State), "a refusal changed the state");
        State = decision.Next;
        return decision;
    }

    public void Admit(EnforcementRequest request)
    {
        Decision decision = Ask(request);
        Assert.True(decision.Allowed, $"{request}: {string.Join("; ", decision.Errors)}");
    }

    public void Refuse(EnforcementRequest request, params string[] errors)
    {
        Decision decision = Ask(request);
        Assert.False(decision.Allowed, request.ToString());
        Assert.Equal(errors, decision.Errors);
    }

    /// <summary>Mounts one layer and stacks it for a container.</summary>
    public void Prepare(string id, char hash, int device)
    {
        Admit(new MountDevice($"/run/mounts/scsi/m{device}", Hash(hash), DevicePattern));
        Admit(new MountOverlay(id, [$"/run/mounts/scsi/m{device}"], $"/run/gcs/c/{id}/rootfs"));
    }

    /// <summary>The request that <see cref="Policy.WithOneContainer"/> admits.</summary>
    public static CreateContainer Create(string id) => new(
        id,
        new ProcessRequest(["/bin/prepare"], [], "/"),
        new ProcessPrivileges(true, new Identity("0", "root"), [], "0077", new(["CAP_KILL"], [], [], [], [])))
    {
        Mounts = [],
        Devices = [],
        Privileged = false,
        SeccompProfile = "ab",
        IsSandboxContainer = false,
        SandboxDirectory = "/run/gcs/c/sandbox/sandboxMounts",
        HugePagesDirectory = "/run/gcs/c/sandbox/hugepageMounts",
    };

    public static ExecInContainer Exec(string id, params ImmutableArray<string> command)
    {
        CreateContainer create = Create(id);
        return new ExecInContainer(id, create.Process with { Command = command }, create.Privileges);
    }
}
