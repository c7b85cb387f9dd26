using System.Collections.Immutable;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto;
using Orchestrator.Yaml;

namespace Orchestrator.Containers.Groups;

/// <summary>Reads a container of a group file.</summary>
internal static class ContainerSectionReader
{
    public static ContainerSection Read(YamlMap map, string folder)
    {
        YamlValue? command = map.Optional("command");
        YamlValue? arguments = map.Optional("arguments");
        if (command is not null && arguments is not null)
        {
            throw arguments.Bad("has no place beside command, which holds the arguments too");
        }

        return new ContainerSection
        {
            Name = GroupFileReader.NameOf(map.Required("name")),
            Image = Path.GetFullPath(map.Required("image").AsText(4096), folder),
            Reference = map.Optional("reference")?.AsText(256),
            Command = command is null ? null : GroupFileReader.Command(command),
            Arguments = arguments is null ? null : GroupFileReader.Arguments(arguments),
            Environment = GroupFileReader.Environment(map),
            WorkingDirectory = map.Optional("working_dir") is { } path ? GroupFileReader.AbsolutePath(path) : null,
            User = map.Optional("user")?.AsText(128),
            Umask = map.Optional("umask") is { } umask ? Umask(umask) : "0022",
            Volumes = [.. map.Optional("volumes")?.AsList(item => item.AsMap(Volume)) ?? []],
            Mounts = [.. map.Optional("mounts")?.AsList(item => item.AsMap(Mount)) ?? []],
            ExecProcesses = [.. map.Optional("exec")?.AsList(item => item.AsMap(Exec)) ?? []],
            Signals = GroupFileReader.Signals(map),
            Capabilities = map.Optional("capabilities") is { } capabilities ? Capabilities(capabilities) : UsualCapabilities.Sets,
            NoNewPrivileges = map.Optional("no_new_privileges")?.AsFlag() ?? true,
            AllowElevated = map.Optional("elevated")?.AsFlag() ?? false,
            SeccompProfile = map.Optional("seccomp_sha256")?.AsParsed(Digest.Parse).ToString() ?? "",
            AllowStdioAccess = map.Optional("stdio")?.AsFlag() ?? false,
        };
    }

    private static string Umask(YamlValue value)
    {
        string umask = value.AsText(4);
        return umask.Length == 4 && umask.All(c => c is >= '0' and <= '7') ? umask : throw value.Bad($"is \"{umask}\", not four octal digits");
    }

    private static VolumeMount Volume(YamlMap map) => new(
        GroupFileReader.NameOf(map.Required("name")),
        GroupFileReader.AbsolutePath(map.Required("at")),
        map.Required("access").AsChoice(("read", false), ("write", true)));

    private static MountRule Mount(YamlMap map) => new(
        GroupFileReader.AbsolutePath(map.Required("destination")),
        map.Required("source").AsParsed(MountSource.Parse),
        map.Required("type").AsText(64),
        [.. map.Required("options").AsList(item => item.AsText(256))]);

    private static ExecProcess Exec(YamlMap map) => new(GroupFileReader.Command(map.Required("command")), GroupFileReader.Signals(map));

    private static CapabilitySets Capabilities(YamlValue value) => value is YamlList
        ? UsualCapabilities.Of([.. value.AsList(Capability).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)])
        : value.AsChoice(("default", UsualCapabilities.Sets), ("none", CapabilitySets.None));

    private static string Capability(YamlValue value)
    {
        string name = value.AsText(64);
        return name.StartsWith("CAP_", StringComparison.Ordinal) && name.All(c => char.IsAsciiLetterUpper(c) || c == '_')
            ? name
            : throw value.Bad($"is \"{name}\", not a capability's name, such as CAP_CHOWN");
    }
}
