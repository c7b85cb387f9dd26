using System.Collections.Immutable;
using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using Orchestrator.Bench.Policies;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Crypto;
using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Bench.Groups;

/// <summary>What a policy costs a container from its root file system to its end.</summary>
internal sealed class ContainerLifecycle : IBenchmark
{
    private const string Program = "/usr/bin/busybox";
    private const int Others = 9;
    private const int Rounds = 600;

    private static readonly ImmutableArray<string> s_command = ["/bin/busybox", "true"];

    public string Name => "group-container";

    public string Method => "Stack, create, run to its end, shut down and unmount a container of one static program in a sandbox, under a policy of 10 containers / under one that admits everything without looking; by the clock, medians of 600 containers each, in turns.";

    public Aim Aim => Aim.AtMost(1.01);

    public Comparison Measure()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(Program))
        {
            throw new UnavailableException("it needs root and busybox-static");
        }

        using var scratch = new Scratch(64 << 20);
        string devices = Directory.CreateDirectory(scratch["devices"]).FullName;
        LayerImage layer = WriteLayer(devices);
        using SimulatedPsp psp = SimulatedPsp.Open(scratch["psp"], TimeProvider.System);
        return MeasureAsync(new SandboxBackEnd(psp), devices, layer).GetAwaiter().GetResult();
    }

    private static async Task<Comparison> MeasureAsync(SandboxBackEnd backEnd, string devices, LayerImage layer)
    {
        await using var with = await Side.StartAsync(backEnd, devices, layer, Encoding.UTF8.GetBytes(PolicyWriter.Write(PolicyOf(layer), PolicyShape.RuntimeTool)));
        await using var without = await Side.StartAsync(backEnd, devices, layer, AdmitAll());
        (double measured, double reference) = Alternation.Medians(Rounds, () => with.RunAsync().GetAwaiter().GetResult(), () => without.RunAsync().GetAwaiter().GetResult());
        return new Comparison(measured, reference, "ms");
    }

    private static ExecutionPolicy PolicyOf(LayerImage layer)
    {
        ExecutionPolicy policy = BenchPolicy.Of(Others);
        ContainerPolicy container = policy.Containers[0] with
        {
            Command = s_command,
            Environment = [],
            Layers = [layer.RootHash.ToString()],
            Mounts = [],
            WorkingDirectory = "/",
        };
        return policy with { Containers = policy.Containers.Add(container) };
    }

    private static byte[] AdmitAll() => Encoding.UTF8.GetBytes(
        "package policy\napi_version := \"0.10.0\"\n" + string.Concat(EnforcementPoint.All.Values.Where(point => point.Introduced <= new FrameworkVersion(0, 10, 0)).Select(point => $"{point.Name} := {{\"allowed\": true}}\n")));

    private static LayerImage WriteLayer(string folder)
    {
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (string name in (string[])["bin", "dev", "proc", "sys"])
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)0b111_101_101 });
            }

            tar.WriteEntry(Program, "bin/busybox");
        }

        archive.Position = 0;
        return LayerImageWriter.Write(archive, folder).Image;
    }

    private sealed class Side : IAsyncDisposable
    {
        private readonly RunningGuest _guest;
        private readonly GroupClient _client;
        private int _containers;

        private Side(RunningGuest guest)
        {
            _guest = guest;
            _client = new GroupClient(guest.Channel);
        }

        public static async Task<Side> StartAsync(SandboxBackEnd backEnd, string devices, LayerImage layer, byte[] policy)
        {
            var side = new Side(await backEnd.LaunchAsync(Digest.Of(policy), GroupSize.Default, devices));
            await side._client.SetPolicyAsync(policy);
            await side._client.MountScratchAsync(GuestPaths.Scratch(0), 64 << 20);
            await side._client.MountLayerAsync(Path.GetFileName(layer.Path), layer.RootHash.ToString(), GuestPaths.Layer(0));
            return side;
        }

        /// <summary>One container's life, in milliseconds.</summary>
        public async Task<double> RunAsync()
        {
            string id = $"{++_containers:x64}";
            long start = Stopwatch.GetTimestamp();
            await _client.MountOverlayAsync(id, [GuestPaths.Layer(0)], GuestPaths.Scratch(0));
            StartedProcess process = await _client.CreateContainerAsync(new ContainerSpec(id, new ProcessSpec { Command = s_command }));
            int code = await _client.WaitAsync(process.Process);
            await _client.ShutdownAsync(id);
            await _client.UnmountOverlayAsync(id);
            return code == 0 ? Stopwatch.GetElapsedTime(start).TotalMilliseconds : throw new InvalidOperationException($"The container ended with {code}.");
        }

        public ValueTask DisposeAsync() => _guest.DisposeAsync();
    }
}
