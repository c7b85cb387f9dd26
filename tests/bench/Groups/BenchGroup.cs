using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Orchestrator.Bench.Policies;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Crypto;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Bench.Groups;

/// <summary>A group in which containers are run for their time to be taken.</summary>
internal sealed class BenchGroup : IAsyncDisposable
{
    private const int Containers = 10;
    private const int Fill = 64;

    private static readonly ImmutableArray<string> s_nothing = ["/bin/busybox", "true"];
    private static readonly ImmutableArray<string> s_join = [Built.Python, "-c", BenchLayers.JoinProgram];
    private static readonly ImmutableArray<string> s_read = Timed("dd if=/data of=/dev/null bs=1M");
    private static readonly ImmutableArray<string> s_fill = Timed(FormattableString.Invariant($"dd if=/dev/zero of=/fill bs=1M count={Fill} conv=fsync"));

    private readonly RunningGuest _guest;
    private readonly GroupClient _client;
    private readonly BenchLayers _layers;
    private int _containers;

    private BenchGroup(RunningGuest guest, BenchLayers layers, double launch)
    {
        _guest = guest;
        _layers = layers;
        _client = new GroupClient(guest.Channel);
        Launch = launch;
    }

    /// <summary>Seconds from nothing to the agent's first answer.</summary>
    public double Launch { get; }

    /// <summary>What it runs in.</summary>
    public RunningGuest Guest => _guest;

    /// <summary>Launches a group with scratch and the program's layer.</summary>
    /// <param name="backEnd">How.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="policy">Its policy.</param>
    /// <param name="scratch">Bytes.</param>
    public static async Task<BenchGroup> StartAsync(IBackEnd backEnd, BenchLayers layers, byte[] policy, long scratch)
    {
        long start = Stopwatch.GetTimestamp();
        RunningGuest guest = await backEnd.LaunchAsync(Digest.Of(policy), GroupSize.Default, layers.Folder);
        var group = new BenchGroup(guest, layers, Stopwatch.GetElapsedTime(start).TotalSeconds);
        await group._client.SetPolicyAsync(policy);
        await group._client.MountScratchAsync(GuestPaths.Scratch(0), scratch);
        await group.MountAsync(layers.Program, 0);
        return group;
    }

    /// <summary>A policy of ten containers, among them those that are run here.</summary>
    public static byte[] Policy(BenchLayers layers)
    {
        ContainerPolicy usual = BenchPolicy.Of(1).Containers[0] with { Environment = [], Layers = [layers.Program.RootHash.ToString()], Mounts = [], WorkingDirectory = "/", AllowStdioAccess = true };
        ImmutableArray<ContainerPolicy> own = [usual with { Command = s_nothing, AllowStdioAccess = false }];
        if (layers.Data is { } data)
        {
            ContainerPolicy onData = usual with { Layers = [.. usual.Layers, data.RootHash.ToString()] };
            own = [.. own, usual with { Command = s_fill }, onData with { Command = s_read }, onData with { Command = s_join, AllowStdioAccess = false }];
        }

        ExecutionPolicy others = BenchPolicy.Of(Containers - own.Length);
        return Encoding.UTF8.GetBytes(PolicyWriter.Write(others with { Containers = [.. others.Containers, .. own] }, PolicyShape.RuntimeTool));
    }

    /// <summary>A policy that admits everything without looking.</summary>
    public static byte[] AdmitAll() => Encoding.UTF8.GetBytes(
        "package policy\napi_version := \"0.10.0\"\n" + string.Concat(EnforcementPoint.All.Values.Where(point => point.Introduced <= new FrameworkVersion(0, 10, 0)).Select(point => $"{point.Name} := {{\"allowed\": true}}\n")));

    /// <summary>One container's life, from its root file system to its end, in milliseconds.</summary>
    /// <param name="works">Whether it joins the tables of the data, which have to be mounted; otherwise it does nothing.</param>
    public async Task<double> RunAsync(bool works)
    {
        string id = NewId();
        string[] layers = works ? [GuestPaths.Layer(1), GuestPaths.Layer(0)] : [GuestPaths.Layer(0)];
        long start = Stopwatch.GetTimestamp();
        await _client.MountOverlayAsync(id, layers, GuestPaths.Scratch(0));
        StartedProcess process = await _client.CreateContainerAsync(new ContainerSpec(id, new ProcessSpec { Command = works ? s_join : s_nothing }));
        await EndAsync(id, process);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Bytes a second from a layer's mount to the last of its bytes in a container, each read once.</summary>
    public async Task<double> ReadLayerAsync()
    {
        long start = Stopwatch.GetTimestamp();
        await MountDataAsync();
        double mounting = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double reading = await SecondsOfAsync(s_read, GuestPaths.Layer(1), GuestPaths.Layer(0));
        await _client.UnmountLayerAsync(GuestPaths.Layer(1));
        return BenchLayers.DataSize / (mounting + reading);
    }

    /// <summary>Mounts the layer of the data.</summary>
    public Task MountDataAsync() => MountAsync(_layers.Data!, 1);

    /// <summary>Bytes a second that a container writes to scratch, until they are there.</summary>
    public async Task<double> FillScratchAsync() => (Fill << 20) / await SecondsOfAsync(s_fill, GuestPaths.Layer(0));

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    // The container says when it is ready, works when it is told to, and says when it is done (dd hangs up before); starting and ending it is not the work.
    private static ImmutableArray<string> Timed(string work) => ["/bin/busybox", "sh", "-c", $"echo ready; read go; /bin/busybox {work} && echo done"];

    private async Task<double> SecondsOfAsync(ImmutableArray<string> command, params string[] layers)
    {
        string id = NewId();
        await _client.MountOverlayAsync(id, layers, GuestPaths.Scratch(0));
        StartedProcess process = await _client.CreateContainerAsync(new ContainerSpec(id, new ProcessSpec { Command = command }));
        await _client.ReadAsync(process.Process, 1);
        long start = Stopwatch.GetTimestamp();
        await _client.WriteAsync(process.Process, "go\n"u8.ToArray());
        await _client.ReadAsync(process.Process, 1);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await EndAsync(id, process);
        return seconds;
    }

    private async Task EndAsync(string id, StartedProcess process)
    {
        int code = await _client.WaitAsync(process.Process);
        if (code != 0)
        {
            throw new InvalidOperationException($"The container ended with {code}.");
        }

        await _client.ShutdownAsync(id);
        await _client.UnmountOverlayAsync(id);
    }

    private Task MountAsync(LayerImage layer, int place) => _client.MountLayerAsync(Path.GetFileName(layer.Path), layer.RootHash.ToString(), GuestPaths.Layer(place));

    private string NewId() => $"{++_containers:x64}";
}
