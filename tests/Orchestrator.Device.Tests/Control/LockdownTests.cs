using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Device.Control;
using Orchestrator.Device.Firmware;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;
using MailboxClient = Orchestrator.Contracts.Protocol.Device.Mailbox.MailboxClient;

namespace Orchestrator.Device.Tests.Control;

public sealed class LockdownTests
{
    private static readonly Dictionary<string, Func<MailboxClient, Task>> Accesses = new()
    {
        ["ReadTileMemory"] = async mailbox => await mailbox.ReadTileMemoryAsync(new ReadTileMemoryRequest { Length = 64 }),
        ["WriteTileMemory"] = async mailbox => await mailbox.WriteTileMemoryAsync(new WriteTileMemoryRequest { Data = ByteString.CopyFrom(1, 2, 3) }),
        ["ReadKeyRegister"] = async mailbox => await mailbox.ReadKeyRegisterAsync(new ReadKeyRegisterRequest { Slot = 1 }),
        ["WriteContext"] = async mailbox => await mailbox.WriteContextAsync(new WriteContextRequest { Context = 1 }),
        ["WriteConfiguration"] = async mailbox => await mailbox.WriteConfigurationAsync(new WriteConfigurationRequest { Register = 1 }),
        ["LoadFirmware"] = async mailbox => await mailbox.LoadFirmwareAsync(new LoadFirmwareRequest { Image = ByteString.CopyFrom(OtherImage) }),
        ["AttachDebugger"] = async mailbox => await mailbox.AttachDebuggerAsync(new AttachDebuggerRequest()),
    };

    private static byte[] OtherImage => [.. FirmwareMeter.Installed.ReadIcuImage(), (byte)' '];

    public static TheoryData<DeviceState> LockedStates =>
        [.. Enum.GetValues<DeviceState>().Where(state => state is not (DeviceState.Unspecified or DeviceState.Idle))];

    [Fact]
    public void Accesses_AreAllOfTheProtocolsThatPassTheSession() => Assert.Equal(
        typeof(MailboxClient).GetMethods().Select(method => method.Name).Where(name => name.EndsWith("Async", StringComparison.Ordinal)).Select(name => name[..^5]).Distinct()
            .Except(Command.All.Select(command => command.Name)).Except(["Status", "Reset"]).Order(),
        Accesses.Keys.Order());

    [Theory]
    [MemberData(nameof(LockedStates))]
    public async Task Access_InTrustedMode_IsRefusedAndChangesNothing(DeviceState state)
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await using RunInProgress? run = state == DeviceState.Running ? await RunInProgress.StartAsync(device) : null;
        if (run is null)
        {
            await MailboxTests.ReachAsync(device, state);
        }

        DeviceStatus before = await device.Host.Mailbox.StatusAsync(new StatusRequest());
        foreach ((string name, Func<MailboxClient, Task> access) in Accesses)
        {
            OrchestratorException refused = await Assert.ThrowsAnyAsync<OrchestratorException>(() => access(device.Host.Mailbox));
            Assert.True(refused.Code.Id == DeviceErrors.AccessLocked.Id, $"{name} in {state} gave {refused.Code.Id}");
            Assert.Equal(before, await device.Host.Mailbox.StatusAsync(new StatusRequest()));
        }
    }

    [Fact]
    public async Task Read_InOrdinaryModeAfterASession_FindsZeros()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        await device.Host.RunAsync();
        await device.Host.Mailbox.ResetAsync(new ResetRequest());

        MailboxClient host = device.Host.Mailbox;
        Assert.Equal(new byte[HostWindow.MaxBytes], (await host.ReadTileMemoryAsync(new ReadTileMemoryRequest { Length = HostWindow.MaxBytes })).Data.ToByteArray());
        for (uint slot = 0; slot < 16; slot++)
        {
            Assert.Equal(new byte[HostWindow.KeyBytes], (await host.ReadKeyRegisterAsync(new ReadKeyRegisterRequest { Slot = slot })).Data.ToByteArray());
        }
    }

    [Fact]
    public async Task Access_InOrdinaryMode_IsWithinTheBoardsSizes()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        foreach (Func<MailboxClient, Task> access in Accesses.Values)
        {
            await access(device.Host.Mailbox);
        }

        Func<MailboxClient, Task>[] beyond =
        [
            async mailbox => await mailbox.ReadTileMemoryAsync(new ReadTileMemoryRequest { Length = HostWindow.MaxBytes + 1 }),
            async mailbox => await mailbox.ReadTileMemoryAsync(new ReadTileMemoryRequest { Address = ulong.MaxValue, Length = 2 }),
            async mailbox => await mailbox.WriteTileMemoryAsync(new WriteTileMemoryRequest { Address = 943718400, Data = ByteString.CopyFrom(1) }),
            async mailbox => await mailbox.ReadKeyRegisterAsync(new ReadKeyRegisterRequest { Slot = 16 }),
            async mailbox => await mailbox.WriteContextAsync(new WriteContextRequest { Context = 32 }),
            async mailbox => await mailbox.WriteConfigurationAsync(new WriteConfigurationRequest { Register = 16 }),
            async mailbox => await mailbox.LoadFirmwareAsync(new LoadFirmwareRequest { Image = ByteString.CopyFrom(new byte[HostWindow.MaxBytes + 1]) }),
        ];
        foreach (Func<MailboxClient, Task> access in beyond)
        {
            await ErrorAssert.ThrowsAsync(DeviceErrors.AccessOutOfRange, () => access(device.Host.Mailbox));
        }
    }

    [Fact]
    public async Task EnterTrustedMode_WithADebuggerAttached_IsRefusedUntilAReset()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.Host.Mailbox.AttachDebuggerAsync(new AttachDebuggerRequest());
        await ErrorAssert.ThrowsAsync(DeviceErrors.DebuggerAttached, async () => await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest()));
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
    }

    [Fact]
    public async Task LoadFirmware_ThenReset_RunsWhatIsMeasuredSoThatNoManifestAcceptsIt()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await ErrorAssert.ThrowsAsync(DeviceErrors.FirmwareInvalid,
            async () => await device.Host.Mailbox.LoadFirmwareAsync(new LoadFirmwareRequest { Image = ByteString.CopyFromUtf8("{}") }));
        await device.Host.Mailbox.LoadFirmwareAsync(new LoadFirmwareRequest { Image = ByteString.CopyFrom(OtherImage) });
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        await ErrorAssert.ThrowsAsync(DeviceErrors.FirmwareNotAccepted, () => device.QuoteAsync());
    }
}
