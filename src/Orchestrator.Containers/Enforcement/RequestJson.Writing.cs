using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <content>The other direction: what <see cref="Read"/> takes.</content>
public static partial class RequestJson
{
    /// <summary>The input of the request's point.</summary>
    public static JsonObject Write(EnforcementRequest request) => request switch
    {
        MountDevice mount => new() { ["target"] = mount.Target, ["deviceHash"] = mount.DeviceHash, ["mountPathRegex"] = mount.MountPathRegex },
        MountWritableDevice mount => new()
        {
            ["target"] = mount.Target,
            ["encrypted"] = mount.Encrypted,
            ["ensureFilesystem"] = mount.EnsureFilesystem,
            ["filesystem"] = mount.Filesystem,
            ["mountPathRegex"] = mount.MountPathRegex,
        },
        UnmountDevice unmount => Unmount(unmount.Target),
        UnmountWritableDevice unmount => Unmount(unmount.Target),
        BlockDevice device => new() { ["target"] = device.Target },
        MountOverlay mount => new() { ["containerID"] = mount.ContainerId, ["layerPaths"] = Array(mount.LayerPaths), ["target"] = mount.Target },
        UnmountOverlay unmount => Unmount(unmount.Target),
        MountScratch mount => new() { ["target"] = mount.Target, ["encrypted"] = mount.Encrypted },
        UnmountScratch unmount => Unmount(unmount.Target),
        MountShare mount => new() { ["target"] = mount.Target, ["rootPrefix"] = mount.RootPrefix, ["mountPathPrefix"] = mount.MountPathPrefix },
        UnmountShare unmount => Unmount(unmount.Target),
        CreateContainer create => Write(create),
        ExecInContainer exec => WithPrivileges(WithProcess(new() { ["containerID"] = exec.ContainerId }, exec.Process), exec.Privileges),
        ExecExternal exec => WithProcess([], exec.Process),
        SignalProcess signal => new() { ["containerID"] = signal.ContainerId, ["signal"] = signal.Signal, ["isInitProcess"] = signal.IsInitProcess, ["argList"] = Array(signal.Command) },
        ShutdownContainer shutdown => new() { ["containerID"] = shutdown.ContainerId },
        OfferFragment offer => new() { ["issuer"] = offer.Issuer, ["feed"] = offer.Feed, ["fragment_loaded"] = false },
        LoadFragment load => new() { ["issuer"] = load.Fragment.Issuer, ["feed"] = load.Fragment.Feed, ["fragment_loaded"] = true },
        LoadTrustList load => new() { ["issuer"] = load.List.Issuer, ["subject"] = load.List.Subject, ["svn"] = load.List.Svn.ToString() },
        _ => [],
    };

    private static JsonObject Write(CreateContainer create)
    {
        JsonObject input = WithPrivileges(WithProcess(new() { ["containerID"] = create.ContainerId }, create.Process), create.Privileges);
        input["mounts"] = Array(create.Mounts, mount => new JsonObject
        {
            ["destination"] = mount.Destination,
            ["options"] = Array(mount.Options),
            ["source"] = mount.Source,
            ["type"] = mount.Type,
        });
        input["devices"] = Array(create.Devices);
        input["privileged"] = create.Privileged;
        input["seccompProfileSHA256"] = create.SeccompProfile;
        input["isSandboxContainer"] = create.IsSandboxContainer;
        input["sandboxDir"] = create.SandboxDirectory;
        input["hugePagesDir"] = create.HugePagesDirectory;
        return input;
    }

    private static JsonObject WithProcess(JsonObject input, ProcessRequest process)
    {
        input["argList"] = Array(process.Command);
        input["envList"] = Array(process.Environment);
        input["workingDir"] = process.WorkingDirectory;
        return input;
    }

    private static JsonObject WithPrivileges(JsonObject input, ProcessPrivileges privileges)
    {
        input["noNewPrivileges"] = privileges.NoNewPrivileges;
        input["user"] = Write(privileges.User);
        input["groups"] = Array(privileges.Groups, Write);
        input["umask"] = privileges.Umask;
        input["capabilities"] = Write(privileges.Capabilities);
        return input;
    }

    private static JsonObject Write(Identity identity) => new() { ["id"] = identity.Id, ["name"] = identity.Name };

    /// <summary>As requests have them.</summary>
    internal static JsonObject Write(CapabilitySets sets) => new()
    {
        ["ambient"] = Array(sets.Ambient),
        ["bounding"] = Array(sets.Bounding),
        ["effective"] = Array(sets.Effective),
        ["inheritable"] = Array(sets.Inheritable),
        ["permitted"] = Array(sets.Permitted),
    };

    private static JsonObject Unmount(string target) => new() { ["unmountTarget"] = target };

    private static JsonArray Array(ImmutableArray<string> items) => Array(items, item => JsonValue.Create(item));

    private static JsonArray Array<T>(ImmutableArray<T> items, Func<T, JsonNode> write) => new([.. items.Select(write)]);
}
