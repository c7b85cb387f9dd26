using System.Collections.Immutable;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Channel.Messages;

/// <summary>A process as the host asks for it. Whom the user's name means is for the guest to find out.</summary>
public sealed record ProcessSpec
{
    /// <summary>Program and arguments.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Variables, <c>NAME=value</c>.</summary>
    public ImmutableArray<string> Environment { get; init; } = [];

    /// <summary>Where it starts.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>As images write it: <c>name</c>, <c>uid</c>, either with <c>:group</c> or <c>:gid</c>; empty means 0.</summary>
    public string User { get; init; } = "";

    /// <summary>Four octal digits.</summary>
    public string Umask { get; init; } = "0022";

    /// <summary>Whether it can never gain privileges.</summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary>Its capabilities; null: the runtime's default sets.</summary>
    public CapabilitySets? Capabilities { get; init; }

    /// <summary>A map, see the specification.</summary>
    public CborMap ToCbor() => CborMap.Of(
        ("command", MessageFields.Texts(Command)),
        ("environment", MessageFields.Texts(Environment)),
        ("working_dir", WorkingDirectory),
        ("user", User),
        ("umask", Umask),
        ("no_new_privileges", NoNewPrivileges),
        ("capabilities", Capabilities is { } sets ? new CborArray(sets.Sets.Select(set => (CborValue)MessageFields.Texts(set))) : null));

    /// <summary>Reads what <see cref="ToCbor"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static ProcessSpec FromCbor(CborField field) => field.ReadMap(map => new ProcessSpec
    {
        Command = map.Required("command").AsTexts(),
        Environment = map.Required("environment").AsTexts(),
        WorkingDirectory = map.Required("working_dir").AsName(4096),
        User = map.Required("user").AsName(256),
        Umask = map.Required("umask").AsName(8),
        NoNewPrivileges = map.Required("no_new_privileges").AsBool(),
        Capabilities = map.Optional("capabilities") is { } sets ? ReadCapabilities(sets) : null,
    });

    private static CapabilitySets ReadCapabilities(CborField field)
    {
        ImmutableArray<CborField> sets = field.AsArray(5);
        return sets.Length == 5
            ? new CapabilitySets(sets[0].AsTexts(), sets[1].AsTexts(), sets[2].AsTexts(), sets[3].AsTexts(), sets[4].AsTexts())
            : throw field.OutOfRange($"has {sets.Length} sets, not 5");
    }
}
