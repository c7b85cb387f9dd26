using System.Text.RegularExpressions;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Ranges;

/// <summary>The genuine device as who owns its machine has it: its state folder, and its process.</summary>
public sealed partial class HostileDevice : IAsyncDisposable
{
    private const string Counter = "boot-counter";
    private const string Lock = "lock";

    private readonly string _program;
    private readonly string _vendor;
    private readonly string _folder;
    private LocalService? _service;
    private int _starts;

    /// <param name="program">The device's executable.</param>
    /// <param name="folder">Where state and log go.</param>
    /// <param name="vendor">The simulated vendor's folder.</param>
    public HostileDevice(string program, string folder, string vendor)
    {
        _program = program;
        _folder = folder;
        _vendor = vendor;
    }

    /// <summary>Where it serves.</summary>
    public Uri Address { get; private set; } = null!;

    private string State => Path.Combine(_folder, "device");

    private string Snapshot => Path.Combine(_folder, "device-before");

    private string New => Path.Combine(_folder, "device-new");

    private string Kept => Path.Combine(_folder, "device-kept");

    private string CollateralFile => Path.Combine(_vendor, "collateral.cose");

    private string OldCollateral => Path.Combine(_folder, "collateral-before.cose");

    private string KeptCollateral => Path.Combine(_folder, "collateral-kept.cose");

    private string Log => Path.Combine(_folder, $"device-{_starts}.log");

    /// <summary>Starts it, from the second time on at the same address.</summary>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        _starts++;
        string listen = Address is null ? "127.0.0.1:0" : Address.Authority;
        _service = await LocalService.StartAsync(_program, ["--state", State, "--vendor", _vendor, "--listen", listen], Log, cancel);
        Address = new Uri(_service.Address);
        if (_starts == 1)
        {
            Copy(State, New, "*");
        }
    }

    /// <summary>Keeps the state folder as it is.</summary>
    public void TakeSnapshot() => Copy(State, Snapshot, "*");

    /// <summary>Restarts, one boot later.</summary>
    public async Task RebootAsync()
    {
        await DisposeAsync();
        await StartAsync();
    }

    /// <summary>Restarts with the state folder of the snapshot.</summary>
    public Task RollBackAsync() => RestartWithAsync(Snapshot, "*");

    /// <summary>Restarts with the state folder that it had when it was new.</summary>
    public Task RenewAsync() => RestartWithAsync(New, "*");

    /// <summary>Keeps the vendor's collateral, and has the vendor publish other.</summary>
    public async Task ReplaceCollateralAsync()
    {
        File.Copy(CollateralFile, OldCollateral, overwrite: true);
        DateTimeOffset old = ReadCollateral();
        do
        {
            await RebootAsync();
        }
        while (ReadCollateral() == old); // It counts seconds.
    }

    /// <summary>Puts the collateral that was kept where the parties look for it.</summary>
    public void PutCollateralBack()
    {
        File.Copy(CollateralFile, KeptCollateral, overwrite: true);
        File.Copy(OldCollateral, CollateralFile, overwrite: true);
    }

    /// <summary>Puts everything right again that was put back and not mended yet.</summary>
    public async Task MendAsync()
    {
        if (File.Exists(KeptCollateral))
        {
            File.Move(KeptCollateral, CollateralFile, overwrite: true);
        }

        if (Directory.Exists(Kept))
        {
            await DisposeAsync();
            Copy(Kept, State, "*");
            Directory.Delete(Kept, recursive: true);
            await StartAsync();
        }
    }

    /// <summary>Restarts with the boot counter of the snapshot, but its copy as it is. If the device will not start so, it gets its own back.</summary>
    /// <exception cref="OrchestratorException">With the code that the device gave for not starting.</exception>
    public async Task PutCounterBackAsync()
    {
        try
        {
            await RestartWithAsync(Snapshot, Counter);
        }
        catch (OrchestratorException)
        {
            Match error = Failure().Match(await File.ReadAllTextAsync(Log));
            await MendAsync();
            throw new OrchestratorException(
                new ErrorCode(error.Groups["code"].Value, ErrorClass.Integrity, "The device did not start.", "Look at its log."), error.Groups["message"].Value);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_service is not null)
        {
            await _service.DisposeAsync();
            _service = null;
        }
    }

    private DateTimeOffset ReadCollateral() =>
        Collateral.Verify(File.ReadAllBytes(CollateralFile), TrustAnchors.None.WithPem(File.ReadAllText(Path.Combine(_vendor, "root.pem")))).Content.NotBefore;

    private async Task RestartWithAsync(string folder, string pattern)
    {
        await DisposeAsync();
        Copy(State, Kept, "*");
        Copy(folder, State, pattern);
        await StartAsync();
    }

    private static void Copy(string from, string to, string pattern)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from, pattern).Where(file => Path.GetFileName(file) != Lock))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }
    }

    [GeneratedRegex("^error: (?<code>[a-z0-9-]+): (?<message>.*)$", RegexOptions.Multiline)]
    private static partial Regex Failure();
}
