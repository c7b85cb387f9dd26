using System.Security.Cryptography;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Psp;
using Orchestrator.Shim.BackEnds;
using Orchestrator.Shim.Groups;

namespace Orchestrator.Attack.Guests;

/// <summary>One group, real in all its parts, and the hand of a hostile host on it; for one attack.</summary>
internal sealed class GuestScene : IAsyncDisposable
{
    /// <summary>Bytes of a group's scratch.</summary>
    public const long ScratchBytes = 16 << 20;

    private const string You = "clinic-a";

    private readonly IBackEnd _backEnd;
    private readonly SimulatedPsp _psp;
    private readonly StartedGroups _started;
    private readonly List<RunningGuest> _others = [];
    private readonly List<string> _tampered = [];
    private StartedGroup? _group;
    private GuestLaunch? _launch;
    private int _layers;

    /// <summary>Makes the scene; nothing runs yet.</summary>
    public GuestScene(GuestLayers layers, string devices, SimulatedPsp psp, GuestPublisher publisher, IBackEnd backEnd, StartedGroups started)
    {
        Layers = layers;
        Devices = devices;
        Publisher = publisher;
        _psp = psp;
        _backEnd = backEnd;
        _started = started;
        Policy = GuestPolicies.Write(layers, publisher.Reference);
    }

    /// <summary>Of the agreed containers, and one that nobody agreed on.</summary>
    public GuestLayers Layers { get; }

    /// <summary>The folder that guests have as devices: the host's to change.</summary>
    public string Devices { get; }

    /// <summary>Who may extend the policy.</summary>
    public GuestPublisher Publisher { get; }

    /// <summary>The agreed policy.</summary>
    public byte[] Policy { get; }

    /// <summary>The attacked group.</summary>
    public GroupClient Group => _group!.Client;

    /// <summary>Whether groups have machines of their own, whose disks are there from the start and are checked as they are read.</summary>
    public bool HasMachine => _backEnd is MachineBackEnd;

    /// <summary>Whether the deed was done.</summary>
    public bool Happened { get; private set; }

    /// <summary>Whether a refused deed has changed the group all the same.</summary>
    public bool LeftTraces { get; private set; }

    /// <summary>The ID of the n-th container.</summary>
    public static string Id(int number = 1) => Digest.Of([(byte)number]).ToString();

    /// <summary>Launches a group under a policy's digest.</summary>
    public async Task<GroupClient> LaunchAsync(byte[] policy)
    {
        RunningGuest guest = await _backEnd.LaunchAsync(Digest.Of(policy), GroupSize.Default, Devices);
        _others.Add(guest);
        _launch = guest.Launch;
        return new GroupClient(guest.Channel);
    }

    /// <summary>Launches the attacked group under the agreed policy.</summary>
    public Task StartAsync() => StartAsync(GuestStart.Policy);

    /// <summary>The same, with scratch and the layers of a container mounted: their places, the bottom one first.</summary>
    public async Task<string[]> StartWithLayersAsync()
    {
        await StartAsync(GuestStart.Layers);
        return [GuestPaths.Layer(0), GuestPaths.Layer(1)];
    }

    /// <summary>The same, with a root file system.</summary>
    public Task StartWithOverlayAsync() => StartAsync(GuestStart.Overlay);

    /// <summary>The same, with a running container: a twin, or the quiet one.</summary>
    public async Task<StartedProcess> StartWithContainerAsync(bool quiet = false)
    {
        await StartAsync(quiet ? GuestStart.QuietContainer : GuestStart.Container);
        return _group!.Process!;
    }

    /// <summary>Mounts a layer where nothing is.</summary>
    public async Task<string> MountAsync(LayerImage layer, string? device = null)
    {
        string target = GuestPaths.Layer(_layers++);
        await Group.MountLayerAsync(device ?? Path.GetFileName(layer.Path), layer.RootHash.ToString(), target);
        return target;
    }

    /// <summary>A container as it was agreed on.</summary>
    public static ContainerSpec Container(bool quiet = false) => new(Id(), Process(quiet ? GuestPolicies.QuietCommand : GuestPolicies.TwinCommand));

    /// <summary>A process as it was agreed on.</summary>
    public static ProcessSpec Process(IEnumerable<string> command) => new()
    {
        Command = [.. command],
        Environment = ["PATH=/bin"],
        User = "worker:1000",
        Capabilities = CapabilitySets.None,
        NoNewPrivileges = true,
    };

    /// <summary>Does the deed. What it ends with is what the attack ends with.</summary>
    public async Task StrikeAsync(Func<Task> deed)
    {
        Happened = true;
        string before = await StateAsync();
        try
        {
            await deed();
        }
        catch (OrchestratorException)
        {
            LeftTraces = before != await StateAsync();
            throw;
        }
    }

    /// <summary>A changed copy of a layer image, as the host's device. Before the group is started: a machine has the disks of that moment.</summary>
    public string Tamper(LayerImage layer, Func<byte[], byte[]> change)
    {
        string name = $"tampered-{RandomNumberGenerator.GetHexString(8, lowercase: true)}.layer";
        _tampered.Add(Path.Combine(Devices, name));
        File.WriteAllBytes(_tampered[^1], change(File.ReadAllBytes(layer.Path)));
        return name;
    }

    /// <summary>Changes a device where it is.</summary>
    public void Change(string device, Func<byte[], byte[]> change)
    {
        string path = Path.Combine(Devices, device);
        byte[] changed = change(File.ReadAllBytes(path));
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Write(changed);
    }

    /// <summary>Evidence of a group, for a party's nonce.</summary>
    public static async Task<GroupEvidence> EvidenceAsync(GroupClient group, byte[] nonce)
    {
        Dictionary<string, ReadOnlyMemory<byte>> nonces = new() { [You] = nonce };
        GroupReport report = await group.EvidenceAsync([GroupEvidence.Combine(nonces)]);
        return Evidence(report.Report, report.Chain, report.Binding.Value, nonce);
    }

    /// <summary>Evidence put together of parts.</summary>
    public static GroupEvidence Evidence(ReadOnlyMemory<byte> report, string chain, Crypto.Cbor.CborValue binding, byte[] nonce) =>
        GroupEvidence.Parse(GroupEvidence.Encode(report, chain, binding, new Dictionary<string, ReadOnlyMemory<byte>> { [You] = nonce }));

    /// <summary>Judges evidence as a party does that trusts this machine's simulated processor and agent, and has agreed on the policy.</summary>
    /// <exception cref="OrchestratorException">What it is refused for: of several reasons the first.</exception>
    public void Judge(GroupEvidence evidence, Func<SnpPolicy, SnpPolicy>? change = null)
    {
        Happened = true;
        var product = SnpProduct.Under(SignedCertificate.ParsePem(File.ReadAllText(Path.Combine(_psp.Folder, SimulatedPsp.RootFile))).Single());
        var verified = VerifiedGroup.Verify(evidence, [product], TimeProvider.System.GetUtcNow(), _psp.Revocations);
        var policy = new SnpPolicy
        {
            Party = You,
            Measurements = [_launch!.Measurement],
            PolicyDigest = SHA256.HashData(Policy),
            AllowSimulated = true,
            AllowSandbox = true,
        };
        if ((change?.Invoke(policy) ?? policy).Assess(verified.Report) is [{ } denial, ..])
        {
            throw new OrchestratorException(new ErrorCode(denial.Code, ErrorClass.Refused, denial.Claim, denial.Remedy), $"{denial.Claim}: expected {denial.Expected}, found {denial.Observed}.");
        }
    }

    /// <summary>Makes sure that honest evidence is accepted: otherwise a refusal would prove nothing.</summary>
    public void JudgeHonest(GroupEvidence evidence)
    {
        Judge(evidence);
        Happened = false;
    }

    /// <summary>A report of this machine's processor on a guest that the host launches as it likes.</summary>
    public (byte[] Report, string Chain) Launch(GuestLaunch launch, GroupEvidence evidence) =>
        (_psp.Launch(launch).Report(evidence.Report.ReportData.Span), _psp.Chain);

    /// <summary>How the attacked group was launched.</summary>
    public GuestLaunch AsLaunched() => _group!.Guest.Launch;

    /// <summary>Leaves the attacked group to the next attack, if it is what it was when this one began.</summary>
    public async Task LeaveAsync()
    {
        if (_group is not null && _group.State == await StateAsync())
        {
            _started.Leave(_group);
            _group = null;
        }
    }

    /// <summary>Ends every group that was not left to the next attack.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (RunningGuest guest in _others)
        {
            await guest.DisposeAsync();
        }

        if (_group is not null)
        {
            await _group.Guest.DisposeAsync();
        }

        _tampered.ForEach(File.Delete);
    }

    private async Task StartAsync(GuestStart start)
    {
        if (await _started.TakeAsync(start, isFresh: _tampered.Count > 0) is { } left)
        {
            _group = left;
        }
        else
        {
            _group = new StartedGroup(start, await _backEnd.LaunchAsync(Digest.Of(Policy), GroupSize.Default, Devices));
            await PrepareAsync(start);
            _group.State = await StateAsync();
        }

        _layers = start >= GuestStart.Layers ? 2 : 0;
        _launch = _group.Guest.Launch;
    }

    private async Task PrepareAsync(GuestStart start)
    {
        await Group.SetPolicyAsync(Policy);
        if (start >= GuestStart.Layers)
        {
            await Group.MountScratchAsync(GuestPaths.Scratch(0), ScratchBytes);
            await MountAsync(Layers.Shell);
            await MountAsync(Layers.Note);
        }

        if (start >= GuestStart.Overlay)
        {
            await Group.MountOverlayAsync(Id(), [GuestPaths.Layer(1), GuestPaths.Layer(0)], GuestPaths.Scratch(0));
        }

        if (start >= GuestStart.Container)
        {
            _group!.Process = await Group.CreateContainerAsync(Container(start == GuestStart.QuietContainer));
        }
    }

    // What runs may end of itself; everything else is the engine's.
    private async Task<string> StateAsync() => _group is null ? "" : Convert.ToHexString((await Group.StateAsync()).Value.Encode());
}
