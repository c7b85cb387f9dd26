using Google.Protobuf;
using Orchestrator.Attack.Relay;
using Orchestrator.Contracts.Protocol.Device;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Commands out of their order, in the middle of a run, and to two devices at once.</summary>
internal static class SessionAttacks
{
    private const string Illegal = "device-command-illegal";
    private const string Closed = "device-access-locked";

    private static readonly ByteString Zeros = ByteString.CopyFrom(new byte[64]);

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        .. OutOfOrder(),
        .. MidRun(),
        .. Locked(),
        new ReplaceFirmware(),
        new ForkSession(material, "quote-of-other-device", "shows the parties another genuine device's quote for the same job", showsOther: true),
        new ForkSession(material, "fork-session", "hands one session's key packages to a second genuine device as well", showsOther: false),
    ];

    private static IEnumerable<Attack> OutOfOrder() =>
    [
        Before("load-untrusted", "loads a job into a device that has not locked it out", MailboxCommand.EnterTrustedMode, device => device.Mailbox.LoadAsync(new LoadRequest()).ResponseAsync),
        Before("run-untrusted", "starts a run on a device that has not locked it out", MailboxCommand.EnterTrustedMode, RunAsync),
        Before("enter-twice", "enters trusted mode twice", MailboxCommand.Load, device => device.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest()).ResponseAsync),
        Before("quote-unloaded", "asks for a quote before a job is loaded", MailboxCommand.Load, device => device.Mailbox.QuoteAsync(new QuoteRequest()).ResponseAsync),
        Before("load-twice", "loads another job over the loaded one", MailboxCommand.Quote, device => device.Mailbox.LoadAsync(new LoadRequest()).ResponseAsync),
        Before("stage-unquoted", "stages a key package before the device has quoted", MailboxCommand.Quote, StageAsync),
        Before("quote-twice", "asks for a second quote, with another session key", MailboxCommand.Stage, device => device.Mailbox.QuoteAsync(new QuoteRequest()).ResponseAsync),
        Before("run-uncommitted", "starts the run before the keys are committed", MailboxCommand.Commit, RunAsync),
    ];

    private static IEnumerable<Attack> MidRun() =>
    [
        During("load-mid-run", "loads another job while one runs", device => device.Mailbox.LoadAsync(new LoadRequest()).ResponseAsync),
        During("quote-mid-run", "asks for a quote while a job runs", device => device.Mailbox.QuoteAsync(new QuoteRequest()).ResponseAsync),
        During("stage-mid-run", "stages a key package while a job runs", StageAsync),
        During("commit-mid-run", "commits while a job runs", device => device.Mailbox.CommitAsync(new CommitRequest()).ResponseAsync),
        During("second-run", "opens a second transfer beside the first", RunAsync, Fork),
        During("reset-mid-run", "resets the device in the middle of a run, and goes on as if nothing had happened", device => device.Mailbox.ResetAsync(new ResetRequest()).ResponseAsync, Freshness, "device-run-cancelled"),
        During("reset-and-run", "resets the device in the middle of a run, and starts the run again", async device =>
        {
            await device.Mailbox.ResetAsync(new ResetRequest());
            await RunAsync(device);
        }),
    ];

    // What a host could reach in ordinary mode: once when the keys are staged, the rest while plaintext is on the tiles.
    private static IEnumerable<Attack> Locked() =>
    [
        During("read-tile-memory", "reads tile memory while a job runs", device => device.Mailbox.ReadTileMemoryAsync(new ReadTileMemoryRequest { Length = 4096 }).ResponseAsync, Confidentiality, Closed),
        During("write-tile-memory", "writes tile memory while a job runs", device => device.Mailbox.WriteTileMemoryAsync(new WriteTileMemoryRequest { Data = Zeros }).ResponseAsync, Integrity, Closed),
        During("read-key-register", "reads a key register while a job runs", device => device.Mailbox.ReadKeyRegisterAsync(new ReadKeyRegisterRequest()).ResponseAsync, Confidentiality, Closed),
        During("write-context", "writes a context of the encryption unit while a job runs", device => device.Mailbox.WriteContextAsync(new WriteContextRequest { Data = Zeros }).ResponseAsync, Integrity, Closed),
        During("write-configuration", "writes a configuration register while a job runs", device => device.Mailbox.WriteConfigurationAsync(new WriteConfigurationRequest()).ResponseAsync, Integrity, Closed),
        During("load-firmware", "loads firmware while a job runs", device => device.Mailbox.LoadFirmwareAsync(new LoadFirmwareRequest { Image = Zeros }).ResponseAsync, Integrity, Closed),
        During("attach-debugger", "attaches a debugger while a job runs", device => device.Mailbox.AttachDebuggerAsync(new AttachDebuggerRequest()).ResponseAsync, Confidentiality, Closed),
        Before("read-staged-key", "reads a key register when the keys are staged", MailboxCommand.Commit, device => device.Mailbox.ReadKeyRegisterAsync(new ReadKeyRegisterRequest()).ResponseAsync, Confidentiality, Closed),
        Before("debug-before-trust", "attaches a debugger before the device is trusted", MailboxCommand.EnterTrustedMode, device => device.Mailbox.AttachDebuggerAsync(new AttachDebuggerRequest()).ResponseAsync, Confidentiality, "device-debugger-attached"),
    ];

    private static CommandAttack Before(string name, string deed, MailboxCommand command, Func<DeviceLine, Task> act, SecurityProperty tests = Freshness, string code = Illegal) =>
        new(new AttackCard(name, deed, tests, Watcher.Device, code), command, act);

    private static MidRunAttack During(string name, string deed, Func<DeviceLine, Task> act, SecurityProperty tests = Freshness, string code = Illegal) =>
        new(new AttackCard(name, deed, tests, Watcher.Device, code), act);

    private static Task StageAsync(DeviceLine device) => device.Mailbox.StageAsync(new StageRequest { Party = "lab" }).ResponseAsync;

    private static Task RunAsync(DeviceLine device) => device.RunAsync(new HostTransfer { Start = new StartRun() });
}

/// <summary>
/// Loads a job into a second genuine device too, and lets each have what is meant for the other. Keys are released to one
/// session: only the one whose quote the parties saw can open them.
/// </summary>
internal sealed class ForkSession(AttackMaterial material, string name, string deed, bool showsOther)
    : Attack(new AttackCard(name, deed, SecurityProperty.Fork, Watcher.Device, "key-package-invalid"))
{
    private readonly OtherSession _other = new(material);
    private LoadRequest? _load;

    public override async Task BeforeCommandAsync(MailboxCommand command, DeviceLine device)
    {
        if (command == MailboxCommand.Quote)
        {
            await _other.QuoteAsync(_load!);
        }
        else if (command == MailboxCommand.Commit)
        {
            Strike();
            await _other.StageAsync();
        }
    }

    public override LoadRequest OnLoad(LoadRequest request) => _load = request;

    public override QuoteReply OnQuote(QuoteReply reply)
    {
        if (!showsOther)
        {
            return reply;
        }

        Strike();
        return _other.Quote!;
    }

    public override StageRequest OnStage(StageRequest request) => _other.Keep(request);
}

/// <summary>Replaces the firmware of a device, which is switched off afterwards, and resets it before it is trusted.</summary>
internal sealed class ReplaceFirmware() : Attack(new AttackCard(
    "replace-firmware", "replaces the firmware by some with other limits before the device is trusted", SecurityProperty.Integrity, Watcher.Device, "device-firmware-not-accepted"))
{
    private static readonly ByteString s_image = ByteString.CopyFromUtf8("""{"profile": "orchestrator/icu-firmware/v1", "tile_memory_bytes": 4000000000, "key_slots": 1, "contexts": 1}""");

    public override IReadOnlyList<string> DeviceOptions => ["--allow-unconfined-tiles"];

    public override async Task BeforeCommandAsync(MailboxCommand command, DeviceLine device)
    {
        if (command == MailboxCommand.EnterTrustedMode && !Happened)
        {
            Strike();
            await device.Mailbox.LoadFirmwareAsync(new LoadFirmwareRequest { Image = s_image });
            await device.Mailbox.ResetAsync(new ResetRequest());
        }
    }
}
