using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Orchestrator.Attestation;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>
/// A host with one simulated device on this machine, to try everything out from a notebook, a program or a test. Both are the
/// real programs in processes of their own, on ports of 127.0.0.1 that were free.
/// </summary>
/// <example>
/// <code>
/// await using LocalCluster cluster = await LocalCluster.StartAsync("cluster");
/// await using HostConnection host = await party.ConnectAsync(cluster.HostAddress);
/// </code>
/// </example>
public sealed class LocalCluster : IAsyncDisposable
{
    private const string Vendor = "vendor";

    private readonly LocalService _device;
    private readonly LocalService _host;

    private LocalCluster(string folder, LocalService device, LocalService host, FirmwareMeasurements firmware)
    {
        Folder = folder;
        Firmware = firmware;
        _device = device;
        _host = host;
    }

    /// <summary>State and logs of both.</summary>
    public string Folder { get; }

    /// <summary>Where the host serves, for <see cref="Party.ConnectAsync"/>.</summary>
    public string HostAddress => _host.Address;

    /// <summary>The certificate of the simulated vendor's root, for a policy to trust by name.</summary>
    public string VendorRoot => Path.Combine(Folder, Vendor, "root.pem");

    /// <summary>The vendor's collateral, which lists revoked devices, for a policy to consult.</summary>
    public string Collateral => Path.Combine(Folder, Vendor, "collateral.cose");

    /// <summary>The measurements of the firmware that is installed here, for a job to require.</summary>
    public FirmwareMeasurements Firmware { get; }

    /// <summary>Starts a device and a host, and waits until both serve.</summary>
    /// <param name="folder">Where state and logs go; what an earlier cluster left there is taken up again.</param>
    /// <param name="programs">The folder of the programs; null is this library's own, where a build leaves them.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException"><see cref="PartyErrors.ServiceNotStarted"/>, or a storage code.</exception>
    public static async Task<LocalCluster> StartAsync(string folder, string? programs = null, CancellationToken cancel = default)
    {
        folder = Path.GetFullPath(folder);
        programs ??= Path.GetDirectoryName(typeof(LocalCluster).Assembly.Location)!;
        LocalFile.Guard(folder, () => Directory.CreateDirectory(folder));
        string In(string name) => Path.Combine(folder, name);

        FirmwareMeasurements firmware = await MeasureAsync(Path.Combine(programs, "orchestrator"), cancel);
        LocalService device = await LocalService.StartAsync(
            Path.Combine(programs, "Orchestrator.Device"), ["--state", In("device"), "--vendor", In(Vendor), "--listen", "127.0.0.1:0"], In("device.log"), cancel);
        try
        {
            LocalService host = await LocalService.StartAsync(
                Path.Combine(programs, "Orchestrator.Host"), ["--state", In("host"), "--listen", "127.0.0.1:0", "--device", device.Address], In("host.log"), cancel);
            return new LocalCluster(folder, device, host, firmware);
        }
        catch
        {
            await device.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends both at once. Their state stays in <see cref="Folder"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _device.DisposeAsync();
    }

    /// <summary>The measurements of the firmware that a command has beside it.</summary>
    /// <param name="program">Path of <c>orchestrator</c>.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException"><see cref="PartyErrors.ServiceNotStarted"/>.</exception>
    public static async Task<FirmwareMeasurements> MeasureAsync(string program, CancellationToken cancel = default)
    {
        ProcessStartInfo start = new(program, ["device", "measure", "--json"]) { RedirectStandardOutput = true };
        try
        {
            using Process process = Process.Start(start)!;
            using JsonDocument measured = JsonDocument.Parse(await process.StandardOutput.ReadToEndAsync(cancel));
            Measurement Of(string part) => Measurement.Parse(measured.RootElement.GetProperty(part).GetString()!);
            return new FirmwareMeasurements(Of("ccu"), Of("icu"), Of("tiles"));
        }
        catch (Exception e) when (e is Win32Exception or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new OrchestratorException(PartyErrors.ServiceNotStarted, $"{program} does not measure the firmware: {e.Message}", inner: e);
        }
    }
}
