using Google.Protobuf;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Control;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Control;

public sealed class MailboxTests
{
    // Which command each state allows, written out once more, independently of the implementation.
    private static readonly Dictionary<DeviceState, string[]> Allowed = new()
    {
        [DeviceState.Idle] = ["EnterTrustedMode"],
        [DeviceState.Trusted] = ["Load"],
        [DeviceState.Loaded] = ["Quote"],
        [DeviceState.Quoted] = ["Stage"],
        [DeviceState.Staged] = ["Stage", "Commit"],
        [DeviceState.Committed] = ["Run"],
        [DeviceState.Running] = [],
        [DeviceState.Finished] = [],
        [DeviceState.Exception] = [],
    };

    [Fact]
    public void Commands_EveryState_AllowExactlyTheirTransitions()
    {
        foreach ((DeviceState state, string[] names) in Allowed)
        {
            Assert.Equal(names.Order(), Command.All.Where(command => command.IsAllowedIn(state)).Select(command => command.Name).Order());
        }
    }

    public static TheoryData<DeviceState> ReachableStates =>
        [.. Enum.GetValues<DeviceState>().Where(state => state is not (DeviceState.Unspecified or DeviceState.Running))];

    public static TheoryData<DeviceState> EveryState => [.. Enum.GetValues<DeviceState>().Where(state => state != DeviceState.Unspecified)];

    [Theory]
    [MemberData(nameof(EveryState))]
    public async Task Command_ThatTheStateForbids_FailsAndChangesNothing(DeviceState state)
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await using RunInProgress? run = state == DeviceState.Running ? await RunInProgress.StartAsync(device) : null;
        LoadRequest load = run is null ? await ReachAsync(device, state) : device.LoadRequest();
        var commands = new Dictionary<string, Func<Task>>
        {
            ["EnterTrustedMode"] = async () => await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest()),
            ["Load"] = async () => await device.Host.Mailbox.LoadAsync(load),
            ["Quote"] = async () => await device.Host.Mailbox.QuoteAsync(new QuoteRequest()),
            ["Stage"] = async () => await device.Host.Mailbox.StageAsync(new StageRequest { Party = "clinic-b" }),
            ["Commit"] = async () => await device.Host.Mailbox.CommitAsync(new CommitRequest()),
            ["Run"] = async () => await device.Host.RunAsync(),
        };
        DeviceStatus before = await device.Host.Mailbox.StatusAsync(new StatusRequest());
        foreach ((string name, Func<Task> command) in commands.Where(command => !Allowed[state].Contains(command.Key)))
        {
            OrchestratorException refused = await Assert.ThrowsAnyAsync<OrchestratorException>(command);
            Assert.True(refused.Code.Id == DeviceErrors.CommandIllegal.Id, $"{name} in {state} gave {refused.Code.Id}");
            Assert.Equal(before, await device.Host.Mailbox.StatusAsync(new StatusRequest()));
        }
    }

    [Theory]
    [MemberData(nameof(ReachableStates))]
    public async Task Reset_FromAnyState_IsIdleWithANewAliasAndTheSameDck(DeviceState state)
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await ReachAsync(device, state);
        DeviceStatus before = await device.Host.Mailbox.StatusAsync(new StatusRequest());
        DeviceStatus after = await device.Host.Mailbox.ResetAsync(new ResetRequest());
        Assert.Equal(DeviceState.Idle, after.State);
        Assert.Equal(before.BootCounter + 1, after.BootCounter);
        Assert.Equal(before.Ueid, after.Ueid);
        Assert.Equal(Quote.UeidSize, after.Ueid.Length);
        Assert.NotEqual(before.Certificates[0], after.Certificates[0]);
        Assert.Equal(before.Certificates[2], after.Certificates[2]);
        Assert.Null(after.Exception);
        Assert.Empty(after.Staged);
    }

    public static TheoryData<string> BadLoads => [.. Loads.Keys];

    private static readonly Dictionary<string, (Action<TestDevice, LoadRequest> Alter, string Code)> Loads = new()
    {
        ["no manifest"] = ((_, load) => load.Manifest = ByteString.Empty, "cbor-malformed"),
        ["trailing byte"] = ((_, load) => load.Manifest = ByteString.CopyFrom([.. load.Manifest, 0]), "cbor-malformed"),
        ["no approvals"] = ((_, load) => load.Approvals.Clear(), ContractErrors.ApprovalMissing.Id),
        ["one approval missing"] = ((_, load) => load.Approvals.RemoveAt(1), ContractErrors.ApprovalMissing.Id),
        ["an approval twice"] = ((_, load) => load.Approvals[1] = load.Approvals[0], ContractErrors.ApprovalInvalid.Id),
        ["altered approval"] = ((_, load) => load.Approvals[1] = Flip(load.Approvals[1], ^1), ContractErrors.ApprovalInvalid.Id),
        ["approvals of another manifest"] = ((_, load) =>
        {
            var other = new TestJob(TestDevice.Firmware);
            load.Approvals.Clear();
            load.Approvals.AddRange(other.Approvals.Select(approval => ByteString.CopyFrom(approval.Span)));
        }, ContractErrors.ApprovalInvalid.Id),
        ["altered manifest"] = ((device, load) => load.Manifest = ByteString.CopyFrom(
            Manifest.Create(device.Job.Manifest.Content with { Serial = 2 }).Encoding.Span), ContractErrors.ApprovalOtherManifest.Id),
        ["no nonces"] = ((_, load) => load.Nonces.Clear(), DeviceErrors.NoncesInvalid.Id),
        ["one nonce missing"] = ((_, load) => load.Nonces.RemoveAt(0), DeviceErrors.NoncesInvalid.Id),
        ["a nonce twice"] = ((_, load) => load.Nonces.Add(load.Nonces[0]), DeviceErrors.NoncesInvalid.Id),
        ["nonce of a stranger"] = ((_, load) => load.Nonces[0].Party = "mallory", DeviceErrors.NoncesInvalid.Id),
        ["short nonce"] = ((_, load) => load.Nonces[0].Nonce = ByteString.CopyFrom(new byte[31]), DeviceErrors.NoncesInvalid.Id),
    };

    [Theory]
    [MemberData(nameof(BadLoads))]
    public async Task Load_AnythingWrong_FailsAndChangesNothing(string fault)
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
        LoadRequest load = device.LoadRequest();
        Loads[fault].Alter(device, load);
        OrchestratorException refused = await Assert.ThrowsAnyAsync<OrchestratorException>(async () => await device.Host.Mailbox.LoadAsync(load));
        Assert.Equal(Loads[fault].Code, refused.Code.Id);
        Assert.Equal(DeviceState.Trusted, await device.StateAsync());
        await device.Host.Mailbox.LoadAsync(device.LoadRequest());
    }

    public static TheoryData<string> UnfitManifests => [.. Unfit.Keys];

    private static readonly Dictionary<string, (Func<ManifestContent, ManifestContent> Alter, ErrorCode Code)> Unfit = new()
    {
        ["other firmware"] = (content => content with { Device = new DeviceRequirements([TestDevice.Firmware with { Ccu = default }], 1) }, DeviceErrors.FirmwareNotAccepted),
        ["higher security version"] = (content => content with { Device = content.Device with { MinimumSecurityVersion = 2 } }, DeviceErrors.FirmwareNotAccepted),
        ["more frames"] = (content => content with { Streams = content.Streams.SetItem(1, content.Streams[1] with { Records = 4L << 22, Frames = (1L << 22) + 1 }) }, DeviceErrors.Unsupported),
        ["more streams"] = (content => content with
        {
            Streams = [.. content.Streams, .. Enumerable.Range(5, TileLimits.MaxStreams).Select(id => content.Streams[1] with { Id = id, Digest = Digest.Of(BitConverter.GetBytes(id)) })],
        }, DeviceErrors.Unsupported),
        ["more tile memory"] = (content => content with { Memory = content.Memory with { Workspace = MemoryPlan.TileMemory } }, ContractErrors.MemoryExceeded),
    };

    [Theory]
    [MemberData(nameof(UnfitManifests))]
    public async Task Load_JobThatTheDeviceCannotDo_IsRefused(string reason)
    {
        var job = new TestJob(TestDevice.Firmware, Unfit[reason].Alter);
        await using TestDevice device = await TestDevice.StartAsync(job: job);
        await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
        await ErrorAssert.ThrowsAsync(Unfit[reason].Code, async () => await device.Host.Mailbox.LoadAsync(device.LoadRequest()));
    }

    [Fact]
    public async Task Stage_PackageThatIsNotThatPartysForThisSession_FailsAndChangesNothing()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        byte[] earlier = await device.QuoteAsync();
        byte[] ofEarlierSession = device.Package("clinic-a", earlier);
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        byte[] evidence = await device.QuoteAsync();
        byte[] genuine = device.Package("clinic-a", evidence);
        foreach ((string party, byte[] package) in new[] { ("clinic-a", ofEarlierSession), ("clinic-b", genuine), ("mallory", genuine), ("clinic-a", Array.Empty<byte>()), ("clinic-a", genuine[..^1]) })
        {
            await ErrorAssert.ThrowsAsync(ContractErrors.KeyPackageInvalid, async () => await StageAsync(device, party, package));
            Assert.Equal(DeviceState.Quoted, await device.StateAsync());
        }

        await StageAsync(device, "clinic-a", genuine);
        await ErrorAssert.ThrowsAsync(DeviceErrors.PackageRepeated, async () => await StageAsync(device, "clinic-a", genuine));
    }

    [Fact]
    public async Task Commit_BeforeEveryPartyReleased_Fails()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        byte[] evidence = await device.QuoteAsync();
        foreach (string party in new[] { "clinic-a", "clinic-b" })
        {
            await StageAsync(device, party, device.Package(party, evidence));
            await ErrorAssert.ThrowsAsync(DeviceErrors.PackagesMissing, async () => await device.Host.Mailbox.CommitAsync(new CommitRequest()));
        }

        await StageAsync(device, "lab", device.Package("lab", evidence));
        Assert.Equal(DeviceState.Committed, (await device.Host.Mailbox.CommitAsync(new CommitRequest())).State);
    }

    [Fact]
    public async Task Call_WithAnOversizedMessage_IsRefusedAndTheDeviceLives()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
        var load = new LoadRequest { Manifest = ByteString.CopyFrom(new byte[StreamLimits.MaxFrameSize + (1 << 20)]) };
        await Assert.ThrowsAnyAsync<OrchestratorException>(async () => await device.Host.Mailbox.LoadAsync(load));
        Assert.Equal(DeviceState.Trusted, await device.StateAsync());
    }

    private static async Task<DeviceStatus> StageAsync(TestDevice device, string party, byte[] package) =>
        await device.Host.Mailbox.StageAsync(new StageRequest { Party = party, SealedPackage = ByteString.CopyFrom(package) });

    internal static async Task<LoadRequest> ReachAsync(TestDevice device, DeviceState state)
    {
        LoadRequest load = device.LoadRequest();
        switch (state)
        {
            case DeviceState.Idle:
                break;
            case DeviceState.Trusted:
                await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
                break;
            case DeviceState.Loaded:
                await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
                await device.Host.Mailbox.LoadAsync(load);
                break;
            case DeviceState.Quoted:
                await device.QuoteAsync();
                break;
            case DeviceState.Staged:
                await StageAsync(device, "clinic-a", device.Package("clinic-a", await device.QuoteAsync()));
                break;
            case DeviceState.Committed:
                await device.CommitAsync();
                break;
            case DeviceState.Finished:
                await device.CommitAsync();
                Assert.NotNull((await device.Host.RunAsync()).Receipt);
                break;
            case DeviceState.Exception:
                await device.CommitAsync();
                device.Host.Alter = (_, _) => new HostTransfer();
                Assert.NotNull((await device.Host.RunAsync()).Exception);
                break;
        }

        return load;
    }

    private static ByteString Flip(ByteString data, Index index)
    {
        byte[] copy = data.ToByteArray();
        copy[index] ^= 1;
        return ByteString.CopyFrom(copy);
    }
}
