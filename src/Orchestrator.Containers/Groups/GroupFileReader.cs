using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto;
using Orchestrator.Yaml;

namespace Orchestrator.Containers.Groups;

/// <summary>Reads a group file; the keys of a container are <see cref="ContainerSectionReader"/>'s.</summary>
internal static class GroupFileReader
{
    private const string Format = "orchestrator/group/v1";
    private const int MaxContainers = 256;

    public static GroupFile Read(YamlValue document, string folder) => document.AsMap(map =>
    {
        map.Required("format").AsChoice((Format, true));
        return new GroupFile
        {
            Name = NameOf(map.Required("name")),
            Containers = Containers(map.Required("containers"), folder),
            ExternalProcesses = [.. map.Optional("external_processes")?.AsList(item => item.AsMap(ExternalProcess)) ?? []],
            Fragments = [.. map.Optional("fragments")?.AsList(item => item.AsMap(Fragment)) ?? []],
            Flags = map.Optional("allow") is { } allow ? Flags(allow) : new PolicyFlags(),
            Size = new GroupSize(
                map.Optional("memory")?.AsInteger(GroupSize.LeastMemory, GroupSize.MostMemory) ?? GroupSize.Default.Memory,
                map.Optional("cores")?.AsInteger(1, GroupSize.MostCores) ?? GroupSize.Default.Cores),
        };
    });

    /// <summary>A name of a-z, 0-9 and hyphen.</summary>
    public static string NameOf(YamlValue value)
    {
        string name = value.AsText(64);
        return char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? name
            : throw value.Bad($"is \"{name}\", not a name of a-z, 0-9 and hyphen that begins with a letter");
    }

    /// <summary>Program and arguments.</summary>
    public static ImmutableArray<string> Command(YamlValue value)
    {
        ImmutableArray<string> command = Arguments(value);
        return command is [{ Length: > 0 }, ..] ? command : throw value.Bad("names no program");
    }

    /// <summary>Arguments, of which there may be none.</summary>
    public static ImmutableArray<string> Arguments(YamlValue value) => [.. value.AsList(item => item.AsArgument())];

    /// <summary>Variables.</summary>
    public static ImmutableArray<EnvironmentRule.Whole> Environment(YamlMap map) => [.. map.Optional("env")?.AsList(Variable) ?? []];

    /// <summary>Signals' numbers.</summary>
    public static ImmutableArray<long> Signals(YamlMap map) => [.. map.Optional("signals")?.AsList(item => item.AsInteger(1L, 64)) ?? []];

    /// <summary>An absolute path in a container.</summary>
    public static string AbsolutePath(YamlValue value)
    {
        string path = value.AsText(4095);
        return path.StartsWith('/') ? path : throw value.Bad($"is {path}, not an absolute path");
    }

    private static ImmutableArray<ContainerSection> Containers(YamlValue value, string folder)
    {
        ImmutableArray<ContainerSection> containers = [.. value.AsList(item => item.AsMap(map => ContainerSectionReader.Read(map, folder)), MaxContainers)];
        if (containers.IsEmpty)
        {
            throw value.Bad("names no container");
        }

        string? twice = containers.GroupBy(container => container.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1)?.Key;
        return twice is null ? containers : throw value.Bad($"has two containers of the name {twice}");
    }

    private static EnvironmentRule.Whole Variable(YamlValue value) => value is not YamlMap
        ? new EnvironmentRule.Whole(TextRule.Exactly(VariableOf(value)), Required: true)
        : value.AsMap(map =>
        {
            YamlValue? pattern = map.Optional("pattern");
            YamlValue? exact = map.Optional("value");
            if (pattern is null == exact is null)
            {
                throw value.Bad("has to have either value or pattern");
            }

            bool required = map.Optional("required")?.AsFlag() ?? pattern is null;
            return new EnvironmentRule.Whole(pattern?.AsParsed(TextRule.Matching) ?? TextRule.Exactly(VariableOf(exact!)), required);
        });

    private static string VariableOf(YamlValue value)
    {
        string variable = value.AsArgument();
        return variable.IndexOf('=', StringComparison.Ordinal) > 0 ? variable : throw value.Bad($"is \"{variable}\", not NAME=value");
    }

    private static ExternalProcess ExternalProcess(YamlMap map) => new(
        Command(map.Required("command")),
        [.. Environment(map)],
        map.Optional("working_dir") is { } folder ? AbsolutePath(folder) : "/",
        map.Optional("stdio")?.AsFlag() ?? false);

    private static FragmentReference Fragment(YamlMap map) => new(
        map.Required("issuer").AsText(),
        map.Required("feed").AsText(),
        map.Required("minimum_svn").AsParsed(text => SecurityVersion.TryParse(text) ?? throw new FormatException($"{text} is no security version number")),
        [.. map.Required("includes").AsList(Include)]);

    private static FragmentInclude Include(YamlValue value) =>
        value.AsChoice([.. Enum.GetValues<FragmentInclude>().Select(include => (FragmentReference.NameOf(include), include))]);

    private static PolicyFlags Flags(YamlValue value) => value.AsList(item => item.AsChoice<Func<PolicyFlags, PolicyFlags>>(
        ("properties_access", flags => flags with { AllowPropertiesAccess = true }),
        ("dump_stacks", flags => flags with { AllowDumpStacks = true }),
        ("runtime_logging", flags => flags with { AllowRuntimeLogging = true }),
        ("environment_variable_dropping", flags => flags with { AllowEnvironmentVariableDropping = true }),
        ("unencrypted_scratch", flags => flags with { AllowUnencryptedScratch = true }),
        ("capability_dropping", flags => flags with { AllowCapabilityDropping = true }))).Aggregate(new PolicyFlags(), (flags, allow) => allow(flags));
}
