using System.Text;
using Orchestrator.Attestation;
using Orchestrator.Device.Microcontrollers;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Microcontrollers;

public sealed class ResetLineTests
{
    private static readonly byte[] Image = Encoding.UTF8.GetBytes(
        """{"profile":"orchestrator/icu-firmware/v1","tile_memory_bytes":1000,"key_slots":2,"contexts":4}""");

    private readonly Ccu _ccu = new();

    [Fact]
    public void Pulse_BringsBothUpWithTheImagesMeasurement()
    {
        var icu = new Icu(() => Image);
        new ResetLine(_ccu, icu).Pulse();
        Assert.Equal(Measurement.Of(Image), _ccu.IcuMeasurement);
        Assert.Equal((1000L, 2, 4), (icu.Board!.TileMemoryBytes, icu.Board.KeySlots, icu.Board.Contexts));
    }

    [Fact]
    public void Pulse_WithAnotherImage_ForgetsTheEarlierMeasurement()
    {
        byte[] image = Image;
        var line = new ResetLine(_ccu, new Icu(() => image));
        line.Pulse();
        image = [.. Image, (byte)' '];
        line.Pulse();
        Assert.Equal(Measurement.Of(image), _ccu.IcuMeasurement);
    }

    [Fact]
    public void ReceiveMeasurement_ASecondTime_IsRefusedAndTheFirstStays()
    {
        new ResetLine(_ccu, new Icu(() => Image)).Pulse();
        ErrorAssert.Throws(DeviceErrors.MeasurementRefused, () => _ccu.ReceiveMeasurement(Measurement.Of([1])));
        Assert.Equal(Measurement.Of(Image), _ccu.IcuMeasurement);
    }

    [Fact]
    public void ReceiveMeasurement_BeforeAnyReset_IsRefused() =>
        ErrorAssert.Throws(DeviceErrors.MeasurementRefused, () => _ccu.ReceiveMeasurement(Measurement.Of([1])));

    [Fact]
    public void Reset_OfTheIcuAlone_CannotMeasureItAnew()
    {
        var icu = new Icu(() => Image);
        new ResetLine(_ccu, icu).Pulse();
        ErrorAssert.Throws(DeviceErrors.MeasurementRefused, () => icu.Reset(_ccu));
        Assert.Null(icu.Board);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"profile":"other","tile_memory_bytes":1,"key_slots":1,"contexts":1}""")]
    [InlineData("""{"profile":"orchestrator/icu-firmware/v1","tile_memory_bytes":0,"key_slots":1,"contexts":1}""")]
    [InlineData("""{"profile":"orchestrator/icu-firmware/v1","tile_memory_bytes":1,"key_slots":0,"contexts":1}""")]
    [InlineData("""{"profile":"orchestrator/icu-firmware/v1","tile_memory_bytes":1,"key_slots":257,"contexts":257}""")]
    [InlineData("""{"profile":"orchestrator/icu-firmware/v1","tile_memory_bytes":1,"key_slots":2,"contexts":1}""")]
    [InlineData("""{"profile":"orchestrator/icu-firmware/v1","tile_memory_bytes":1,"key_slots":1,"contexts":1,"extra":1}""")]
    [InlineData("""{"profile":"orchestrator/icu-firmware/v1","tile_memory_bytes":1,"key_slots":1,"key_slots":1,"contexts":1}""")]
    public void Pulse_WithAnImageThatIsNone_DoesNotComeUp(string image)
    {
        var icu = new Icu(() => Encoding.UTF8.GetBytes(image));
        ErrorAssert.Throws(DeviceErrors.FirmwareInvalid, () => new ResetLine(_ccu, icu).Pulse());
        Assert.Null(icu.Board);
    }
}
