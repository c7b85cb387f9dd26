using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Guest.Decisions;
using Orchestrator.Guest.Files;
using Orchestrator.Guest.Processes;

namespace Orchestrator.Guest.Serving;

/// <summary>Requests about layers, scratch and root file systems.</summary>
internal sealed class StorageRequests(Gate gate, Storage storage, ProcessTable processes)
{
    private const long MaxScratch = 1L << 40;

    private static readonly CborMap s_done = CborMap.Of();

    public Task<CborValue> MountLayerAsync(CborField body)
    {
        (string device, string hash, string target) = body.ReadMap(map => (
            GroupFolders.RequireDevice(map.Required("device").AsText(256)),
            map.Required("root_hash").AsText(256),
            GroupFolders.RequireLayer(map.Required("target").AsText(256))));
        return DoAsync(() => new MountDevice(target, hash, GroupFolders.LayerPattern), () => storage.MountLayer(device, RequireHash(hash), target));
    }

    public Task<CborValue> UnmountLayerAsync(CborField body)
    {
        string target = Target(body);
        return DoAsync(() => new UnmountDevice(target), () => storage.UnmountLayer(target));
    }

    public Task<CborValue> MountScratchAsync(CborField body)
    {
        (string target, bool encrypted, long size) = body.ReadMap(map => (
            GroupFolders.RequireScratch(map.Required("target").AsText(256)), map.Required("encrypted").AsBool(), map.Required("size").AsInt64(4096, MaxScratch)));
        return DoAsync(() => new MountScratch(target, encrypted), () => storage.MountScratch(target, size));
    }

    public Task<CborValue> UnmountScratchAsync(CborField body)
    {
        string target = Target(body);
        return DoAsync(() => new UnmountScratch(target), () => storage.UnmountScratch(target));
    }

    public Task<CborValue> MountOverlayAsync(CborField body)
    {
        (string container, ImmutableArray<string> layers, string scratch, string target) = body.ReadMap(map => (
            GroupFolders.RequireId(map.Required("container").AsText(256)),
            map.Required("layers").AsArray(1024).Select(layer => layer.AsText(256)).ToImmutableArray(),
            GroupFolders.RequireScratch(map.Required("scratch").AsText(256)),
            map.Required("target").AsText(256)));
        if (target != GroupFolders.RootFileSystem(container))
        {
            throw new OrchestratorException(GuestErrors.RequestInvalid, $"The root file system of {container} is mounted at {GroupFolders.RootFileSystem(container)} and nowhere else.");
        }

        return DoAsync(() => new MountOverlay(container, layers, target), () => storage.MountOverlay(container, layers, scratch));
    }

    public Task<CborValue> UnmountOverlayAsync(CborField body)
    {
        string target = Target(body);
        return DoAsync(() => new UnmountOverlay(target), () =>
        {
            if (processes.Running.FirstOrDefault(process => process.Container is { } id && GroupFolders.RootFileSystem(id) == target) is { } user)
            {
                throw new OrchestratorException(GuestErrors.Busy, $"{target} is in use by process {user.Id}.");
            }

            storage.UnmountOverlay(target);
        });
    }

    private static string Target(CborField body) => body.ReadMap(map => map.Required("target").AsText(256));

    private static Digest RequireHash(string text) =>
        Digest.TryParse(text, out Digest hash) ? hash : throw new OrchestratorException(GuestErrors.RequestInvalid, "A root hash is 64 lower-case hexadecimal digits.");

    private Task<CborValue> DoAsync(Func<EnforcementRequest> prepare, Action effect) => gate.PerformAsync<CborValue>(prepare, _ =>
    {
        effect();
        return Task.FromResult<CborValue>(s_done);
    });
}
