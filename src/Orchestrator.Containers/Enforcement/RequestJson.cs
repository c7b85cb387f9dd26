using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>Reads requests in the form that the published framework takes as input, for replays of recorded sessions, and writes them.</summary>
public static partial class RequestJson
{
    /// <summary>Reads the input of a point.</summary>
    /// <returns>An <see cref="IncompleteRequest"/> where it lacks what the point's rule needs.</returns>
    /// <exception cref="KeyNotFoundException">There is no such point.</exception>
    public static EnforcementRequest Read(string point, JsonElement input)
    {
        if (!EnforcementPoint.All.ContainsKey(point) && !EnforcementPoint.Elsewhere.Contains(point))
        {
            throw new KeyNotFoundException($"There is no enforcement point \"{point}\".");
        }

        try
        {
            return ReadKnown(point, input);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return new IncompleteRequest(point);
        }
    }

    private static EnforcementRequest ReadKnown(string point, JsonElement input) => point switch
    {
        "mount_device" => new MountDevice(Text(input, "target"), Text(input, "deviceHash"), Text(input, "mountPathRegex")),
        "rw_mount_device" => new MountWritableDevice(Text(input, "target"), Flag(input, "encrypted"), Flag(input, "ensureFilesystem"), Text(input, "filesystem"), Text(input, "mountPathRegex")),
        "unmount_device" => new UnmountDevice(Text(input, "unmountTarget")),
        "rw_unmount_device" => new UnmountWritableDevice(Text(input, "unmountTarget")),
        "mount_blockdev" or "unmount_blockdev" => new BlockDevice(point, Text(input, "target")),
        "mount_overlay" => new MountOverlay(Text(input, "containerID"), Texts(input, "layerPaths"), Text(input, "target")),
        "unmount_overlay" => new UnmountOverlay(Text(input, "unmountTarget")),
        "scratch_mount" => new MountScratch(Text(input, "target"), Flag(input, "encrypted")),
        "scratch_unmount" => new UnmountScratch(Text(input, "unmountTarget")),
        "plan9_mount" => new MountShare(Text(input, "target"), Text(input, "rootPrefix"), Text(input, "mountPathPrefix")),
        "plan9_unmount" => new UnmountShare(Text(input, "unmountTarget")),
        "create_container" => ReadCreate(input),
        "exec_in_container" => new ExecInContainer(Text(input, "containerID"), ReadProcess(input), ReadPrivileges(input)),
        "exec_external" => new ExecExternal(ReadProcess(input)),
        "signal_container_process" => new SignalProcess(Text(input, "containerID"), input.GetProperty("signal").GetInt64(), IsInit(input), IsInit(input) ? [] : Texts(input, "argList")),
        "shutdown_container" => new ShutdownContainer(Text(input, "containerID")),
        "load_fragment" => new OfferFragment(Text(input, "issuer"), Text(input, "feed")),
        _ when EnforcementPoint.Elsewhere.Contains(point) => new IncompleteRequest(point),
        _ => new FlaggedAccess(point),
    };

    private static CreateContainer ReadCreate(JsonElement input) => new(Text(input, "containerID"), ReadProcess(input), ReadPrivileges(input))
    {
        Mounts = [.. input.GetProperty("mounts").EnumerateArray().Select(ReadMount)],
        Devices = [.. input.GetProperty("devices").EnumerateArray().Select(device => device.ToString())],
        Privileged = Flag(input, "privileged"),
        SeccompProfile = Text(input, "seccompProfileSHA256"),
        IsSandboxContainer = input.TryGetProperty("isSandboxContainer", out JsonElement sandbox) && sandbox.GetBoolean(),
        SandboxDirectory = Text(input, "sandboxDir"),
        HugePagesDirectory = Text(input, "hugePagesDir"),
    };

    private static ProcessRequest ReadProcess(JsonElement input) => new(Texts(input, "argList"), Texts(input, "envList"), Text(input, "workingDir"));

    private static ProcessPrivileges ReadPrivileges(JsonElement input) => new(
        Flag(input, "noNewPrivileges"),
        ReadIdentity(input.GetProperty("user")),
        [.. input.GetProperty("groups").EnumerateArray().Select(ReadIdentity)],
        Text(input, "umask"),
        ReadCapabilities(input.GetProperty("capabilities")));

    private static Identity ReadIdentity(JsonElement identity) => new(Text(identity, "id"), Text(identity, "name"));

    private static MountRequest ReadMount(JsonElement mount) =>
        new(Text(mount, "destination"), Text(mount, "source"), Text(mount, "type"), Texts(mount, "options"));

    private static CapabilitySets ReadCapabilities(JsonElement sets) =>
        new(Texts(sets, "bounding"), Texts(sets, "effective"), Texts(sets, "inheritable"), Texts(sets, "permitted"), Texts(sets, "ambient"));

    private static bool IsInit(JsonElement input) => input.TryGetProperty("isInitProcess", out JsonElement init) && init.GetBoolean();

    private static string Text(JsonElement owner, string name) => owner.GetProperty(name).GetString() ?? throw new FormatException();

    private static bool Flag(JsonElement owner, string name) => owner.GetProperty(name).GetBoolean();

    private static ImmutableArray<string> Texts(JsonElement owner, string name) =>
        [.. owner.GetProperty(name).EnumerateArray().Select(item => item.GetString() ?? throw new FormatException())];
}
