using Orchestrator.Attestation;

namespace Orchestrator.Device.Microcontrollers;

/// <summary>The board's microcontroller: its immutable bootloader measures the firmware image at every reset, sends the measurement, then applies the image.</summary>
public sealed class Icu
{
    private readonly Func<byte[]> _image;

    /// <param name="image">Reads the firmware image from its store.</param>
    public Icu(Func<byte[]> image) => _image = image;

    /// <summary>What the image that is running says of the board; <see langword="null"/> before the first reset.</summary>
    public BoardConfiguration? Board { get; private set; }

    /// <summary>Comes up: the measurement goes out before the image has any effect.</summary>
    public void Reset(Ccu ccu)
    {
        ArgumentNullException.ThrowIfNull(ccu);
        Board = null;
        byte[] image = _image();
        ccu.ReceiveMeasurement(Measurement.Of(image));
        Board = BoardConfiguration.Parse(image);
    }
}
