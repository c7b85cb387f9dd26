using Orchestrator.Attestation;
using Orchestrator.Attestation.Programs;
using Orchestrator.Errors;

namespace Orchestrator.Device.Firmware;

/// <summary>
/// Measures the device's firmware: the very files that it runs. The same files give the same measurements with or without
/// a device, so a party can compute what to accept. The .NET runtime and the system's libraries are not part of it.
/// </summary>
/// <remarks>A part's measurement is SHA-384 over (file name in UTF-8, 0x00, SHA-384 of the file) for each of its files, in ordinal order of names.</remarks>
public sealed class FirmwareMeter
{
    /// <summary>First assembly of the controller.</summary>
    public const string CcuAssembly = "Orchestrator.Device.dll";

    /// <summary>The tiles' executable, which starts <see cref="TilesAssembly"/>.</summary>
    public const string TilesProgram = "Orchestrator.Tiles";

    /// <summary>First assembly of the tiles: what the autoloader starts.</summary>
    public const string TilesAssembly = TilesProgram + ".dll";

    /// <summary>The board controller's firmware image.</summary>
    public const string IcuImage = "icu-firmware.json";

    /// <summary>Security version of the firmware of this build; 0 stands for firmware that was never released.</summary>
    public const int SecurityVersion = 1;

    private readonly string _folder;

    /// <summary>Measures what is installed in <paramref name="folder"/>.</summary>
    public FirmwareMeter(string folder) => _folder = folder;

    /// <summary>The folder of the running program.</summary>
    public static FirmwareMeter Installed { get; } = new(AppContext.BaseDirectory);

    /// <summary>All three parts.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.FirmwareMissing"/>.</exception>
    public FirmwareMeasurements Measure() => new(MeasureCcu(), Measurement.Of(ReadIcuImage()), MeasureTiles());

    /// <summary>The controller: its assembly and what that is built of.</summary>
    public Measurement MeasureCcu() => MeasureProgram(CcuAssembly);

    /// <summary>The tiles: trainer, stand-ins and native binding.</summary>
    public Measurement MeasureTiles() => MeasureProgram(TilesAssembly);

    /// <summary>The program that the autoloader starts on the tiles, alone.</summary>
    public Measurement MeasureBootloader() => Guard(() => Measurement.Of(File.ReadAllBytes(Path.Combine(_folder, TilesAssembly))));

    /// <summary>The board controller's image.</summary>
    public byte[] ReadIcuImage() => Guard(() => File.ReadAllBytes(Path.Combine(_folder, IcuImage)));

    private Measurement MeasureProgram(string assembly) => Guard(() => ProgramMeter.Measure(_folder, assembly));

    private static T Guard<T>(Func<T> measure)
    {
        try
        {
            return measure();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            throw new OrchestratorException(DeviceErrors.FirmwareMissing, $"The firmware cannot be measured: {e.Message}", inner: e);
        }
    }
}
