using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;
using Orchestrator.Yaml;

namespace Orchestrator.Containers.Groups;

/// <summary>A confidential container group as people describe it: <c>group.yaml</c>, docs/spec/group.md. Images are named, and not yet read.</summary>
public sealed record GroupFile
{
    /// <summary>For people: 1 to 64 of a-z, 0-9 and hyphen.</summary>
    public required string Name { get; init; }

    /// <summary>Its containers, in the order in which they are started; at least one, names unique.</summary>
    public required ImmutableArray<ContainerSection> Containers { get; init; }

    /// <summary>Processes that may run in the guest beside the containers.</summary>
    public ImmutableArray<ExternalProcess> ExternalProcesses { get; init; } = [];

    /// <summary>Fragments that may extend the policy.</summary>
    public ImmutableArray<FragmentReference> Fragments { get; init; } = [];

    /// <summary>Global permissions.</summary>
    public PolicyFlags Flags { get; init; } = new();

    /// <summary>What it asks of the machine that it runs on.</summary>
    public GroupSize Size { get; init; } = GroupSize.Default;

    /// <summary>Reads a group file. Paths in it start at its own folder.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="YamlErrors"/>, or the file cannot be read.</exception>
    public static GroupFile Read(string path) => GroupFileReader.Read(YamlDocument.Read(path), Path.GetDirectoryName(Path.GetFullPath(path))!);

    /// <summary>Reads a group file's content.</summary>
    /// <param name="yaml">The content.</param>
    /// <param name="folder">Where paths in it start; null is the current folder.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="YamlErrors"/>.</exception>
    public static GroupFile Parse(string yaml, string? folder = null) =>
        GroupFileReader.Read(YamlDocument.Parse(yaml, "group.yaml"), folder ?? Directory.GetCurrentDirectory());
}

/// <summary>A container of a group file. What is null, the image's configuration says.</summary>
public sealed record ContainerSection
{
    /// <summary>For people, and for commands that name a container.</summary>
    public required string Name { get; init; }

    /// <summary>Where the image is: an OCI layout (folder or archive) or a docker archive.</summary>
    public required string Image { get; init; }

    /// <summary>Which image of several; null: there is one.</summary>
    public string? Reference { get; init; }

    /// <summary>Program and arguments in place of the image's entrypoint and command.</summary>
    public ImmutableArray<string>? Command { get; init; }

    /// <summary>Arguments in place of the image's command, behind its entrypoint.</summary>
    public ImmutableArray<string>? Arguments { get; init; }

    /// <summary>Variables besides the image's, or in place of those of the same name.</summary>
    public ImmutableArray<EnvironmentRule.Whole> Environment { get; init; } = [];

    /// <summary>An absolute path.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary><c>USER</c> or <c>USER:GROUP</c>, names or numbers.</summary>
    public string? User { get; init; }

    /// <summary>Four octal digits.</summary>
    public string Umask { get; init; } = "0022";

    /// <summary>Folders in the group's memory.</summary>
    public ImmutableArray<VolumeMount> Volumes { get; init; } = [];

    /// <summary>Mounts that another runtime may make.</summary>
    public ImmutableArray<MountRule> Mounts { get; init; } = [];

    /// <summary>Processes that may be started in it later.</summary>
    public ImmutableArray<ExecProcess> ExecProcesses { get; init; } = [];

    /// <summary>Numbers of the signals that the host may send to the first process.</summary>
    public ImmutableArray<long> Signals { get; init; } = [];

    /// <summary>What its processes may be capable of.</summary>
    public CapabilitySets Capabilities { get; init; } = UsualCapabilities.Sets;

    /// <summary>Whether <c>no_new_privileges</c> is set.</summary>
    public bool NoNewPrivileges { get; init; } = true;

    /// <summary>Whether it may be privileged.</summary>
    public bool AllowElevated { get; init; }

    /// <summary>SHA-256 of its seccomp profile, 64 hexadecimal digits, or empty.</summary>
    public string SeccompProfile { get; init; } = "";

    /// <summary>Whether the host gets its standard streams.</summary>
    public bool AllowStdioAccess { get; init; }
}

/// <summary>A folder in the group's memory-backed scratch as a container sees it.</summary>
/// <param name="Name">The folder's, shared by the containers that name it.</param>
/// <param name="At">Absolute path in the container.</param>
/// <param name="Writable">Whether it may write there.</param>
public sealed record VolumeMount(string Name, string At, bool Writable)
{
    /// <summary>The volume where a job's stage finds its decrypted inputs.</summary>
    public const string Inputs = "inputs";

    /// <summary>The volume from which a job's stage takes its outputs.</summary>
    public const string Outputs = "outputs";

    /// <summary>The folder below the group's folder of sandbox mounts: <c>/volumes/NAME</c>.</summary>
    public string SandboxPath => $"/volumes/{Name}";

    /// <summary>Of the mount.</summary>
    public ImmutableArray<string> Options => ["rbind", "rprivate", Writable ? "rw" : "ro"];

    /// <summary>The mount as the policy permits it.</summary>
    public MountRule Rule => new(At, MountSource.Parse(MountSource.SandboxPrefix + SandboxPath), "bind", Options);
}
