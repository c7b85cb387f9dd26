using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Channel.Messages;

/// <summary>A container as the host asks for it. Its root file system was mounted before.</summary>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="Process">Its first process.</param>
public sealed record ContainerSpec(string Id, ProcessSpec Process)
{
    private const int MaxMounts = 256;
    private const int MaxSeccomp = 1 << 20;

    /// <summary>Mounts besides those that the guest gives every container.</summary>
    public ImmutableArray<MountRequest> Mounts { get; init; } = [];

    /// <summary>Whether it is privileged.</summary>
    public bool Privileged { get; init; }

    /// <summary>The seccomp profile as JSON, whose digest the policy has to name; empty: none.</summary>
    public ReadOnlyMemory<byte> Seccomp { get; init; }

    /// <summary>A map, see the specification.</summary>
    public CborMap ToCbor() => CborMap.Of(
        ("container", Id),
        ("process", Process.ToCbor()),
        ("mounts", new CborArray(Mounts.Select(ToCbor))),
        ("privileged", Privileged),
        ("seccomp", Seccomp));

    /// <summary>Reads what <see cref="ToCbor()"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static ContainerSpec FromCbor(CborField field) => field.ReadMap(map => new ContainerSpec(map.Required("container").AsText(64), ProcessSpec.FromCbor(map.Required("process")))
    {
        Mounts = [.. map.Required("mounts").AsArray(MaxMounts).Select(ReadMount)],
        Privileged = map.Required("privileged").AsBool(),
        Seccomp = map.Required("seccomp").AsBytes(MaxSeccomp),
    });

    private static CborValue ToCbor(MountRequest mount) => CborMap.Of(
        ("destination", mount.Destination), ("source", mount.Source), ("type", mount.Type), ("options", MessageFields.Texts(mount.Options)));

    private static MountRequest ReadMount(CborField field) => field.ReadMap(map => new MountRequest(
        map.Required("destination").AsName(4096), map.Required("source").AsName(4096), map.Required("type").AsName(64), map.Required("options").AsTexts()));
}
