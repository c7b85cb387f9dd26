using Orchestrator.Attestation;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Device.Firmware;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Firmware;

public sealed class FirmwareMeterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Measure_CopyOfTheFiles_IsTheSame()
    {
        _folder.Install();
        Assert.Equal(FirmwareMeter.Installed.Measure(), new FirmwareMeter(_folder.Path).Measure());
    }

    [Theory]
    [InlineData("Orchestrator.Device.dll", true, false, false)]
    [InlineData("Orchestrator.Contracts.dll", true, false, false)]
    [InlineData("Orchestrator.Attestation.dll", true, false, false)]
    [InlineData("Orchestrator.Crypto.dll", true, false, true)]
    [InlineData("NSec.Cryptography.dll", true, false, true)]
    [InlineData("Google.Protobuf.dll", true, false, false)]
    [InlineData("Grpc.AspNetCore.Server.dll", true, false, false)]
    [InlineData("icu-firmware.json", false, true, false)]
    [InlineData("Orchestrator.Tiles.dll", false, false, true)]
    [InlineData("Orchestrator.Training.dll", false, false, true)]
    [InlineData("TorchSharp.dll", false, false, true)]
    [InlineData("libtorchbinding.so", false, false, true)]
    [InlineData("Orchestrator.Device.Tests.dll", false, false, false)]
    public void Measure_OneFileChanged_ChangesExactlyItsParts(string file, bool ccu, bool icu, bool tiles)
    {
        _folder.Install();
        FirmwareMeasurements before = new FirmwareMeter(_folder.Path).Measure();
        File.AppendAllText(_folder[file], " ");
        FirmwareMeasurements after = new FirmwareMeter(_folder.Path).Measure();
        Assert.Equal((ccu, icu, tiles), (before.Ccu != after.Ccu, before.Icu != after.Icu, before.Tiles != after.Tiles));
    }

    // Manifests and policies pin three parts and have no word for the bootloader alone: it is one of the tiles' files.
    [Fact]
    public async Task Bootloader_ChangedAlone_IsRefusedByWhoeverPinsTheTiles()
    {
        _folder.Install();
        var meter = new FirmwareMeter(_folder.Path);
        FirmwareMeasurements pinned = meter.Measure();
        Measurement bootloader = meter.MeasureBootloader();
        File.AppendAllText(_folder[FirmwareMeter.TilesAssembly], " ");

        Assert.NotEqual(bootloader, meter.MeasureBootloader());
        Assert.Equal(pinned, meter.Measure() with { Tiles = pinned.Tiles });
        await using TestDevice device = await TestDevice.StartAsync();
        Quote sound = device.Verify(await device.QuoteAsync()).Claims;
        Quote changed = sound with { Bootloader = meter.MeasureBootloader(), Firmware = meter.Measure() };
        Assert.Empty(Assess(sound, pinned));
        Assert.Equal(["release-firmware-unknown"], Assess(changed, pinned));
    }

    [Theory]
    [InlineData("Orchestrator.Device.dll")]
    [InlineData("Orchestrator.Crypto.dll")]
    [InlineData("Orchestrator.Tiles.dll")]
    [InlineData("icu-firmware.json")]
    public void Measure_FileMissing_SaysSo(string file)
    {
        _folder.Install();
        File.Delete(_folder[file]);
        ErrorAssert.Throws(DeviceErrors.FirmwareMissing, () => new FirmwareMeter(_folder.Path).Measure());
    }

    private static IEnumerable<string> Assess(Quote claims, FirmwareMeasurements pinned) =>
        new ReleasePolicy { Party = "lab", AllowSimulatedDevices = true }.AssessDevice(claims, 0, [pinned], 1).Select(denial => denial.Code);

    public void Dispose() => _folder.Dispose();
}
